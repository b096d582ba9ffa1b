const { PolicyPack } = require("@pulumi/policy");

new PolicyPack("stand-in-test", {
    policies: [
        {
            name: "no-forbidden-key",
            description: "A ConfigMap must not have the key `forbidden`.",
            enforcementLevel: "mandatory",
            validateResource: ({ props }, reportViolation) => {
                if (props.kind === "ConfigMap" && props.data && "forbidden" in props.data)
                    reportViolation(`ConfigMap ${props.metadata.name} has the key forbidden`);
            },
        },
    ],
});
