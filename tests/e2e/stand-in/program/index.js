// Registers the objects that objects.json lists, in order: {name, object, dependsOn?, secrets?, timeout?}.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const k8s = require("@pulumi/kubernetes");
const pulumi = require("@pulumi/pulumi");

const entries = JSON.parse(readFileSync(join(__dirname, "objects.json"), "utf8"));
const provider = new k8s.Provider("cluster", { kubeconfig: process.env.TEST_KUBECONFIG });
const resources = new Map();
for (const { name, object, dependsOn = [], secrets = [], timeout } of entries) {
    const data = object.data && Object.entries(object.data);
    const withSecrets = data && {
        data: Object.fromEntries(
            data.map(([key, value]) => [key, secrets.includes(key) ? pulumi.secret(value) : value]),
        ),
    };
    const resource = new k8s.apiextensions.CustomResource(
        name,
        { ...object, ...withSecrets },
        {
            provider,
            dependsOn: dependsOn.map((each) => resources.get(each)),
            customTimeouts: timeout && { create: timeout, update: timeout, delete: timeout },
        },
    );
    resources.set(name, resource);
}
