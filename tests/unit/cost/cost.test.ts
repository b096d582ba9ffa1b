import { strict as assert } from "node:assert";
import { costTable } from "../../../cli/cost";
import { monthlyCost, SMALL } from "../../../cli/cost/estimate";
import { HOURS, seoul } from "../../../cli/cost/prices";
import { validateConfig } from "../../../components/config/validate";
import { stackFileConfig } from "../../support/program";
import { eksConfig } from "../aws/cluster";

const quantities = (config: Parameters<typeof eksConfig>[0], usage = SMALL) =>
    Object.fromEntries(
        monthlyCost(eksConfig(config), seoul, usage).map(({ resource, quantity }) => [resource, quantity]),
    );

describe("cost of an environment on AWS", () => {
    it("counts what the configuration declares: nodes, zones, addresses, endpoints", () => {
        const counted = quantities({});
        assert.deepEqual(
            ["nodes", "volumes of the nodes", "NAT gateways", "private endpoints of AWS"].map((name) => counted[name]),
            [3, 3 * 54, 3, 9],
        );
        assert.equal(counted["public addresses: NAT gateways, load balancer"], 6);
        assert.equal(counted["PostgreSQL"], undefined);
    });

    it("follows the configuration: one NAT gateway, more nodes, data stores", () => {
        const counted = quantities({
            network: { natGateways: "one", interfaceEndpoints: [] },
            nodes: { perZone: { desired: 2 } },
            dataStores: { postgres: { storageGiB: 100 }, cache: { nodes: 3 } },
        });
        assert.deepEqual([counted["NAT gateways"], counted["nodes"], counted["keys"]], [1, 6, 2]);
        assert.deepEqual([counted["storage of PostgreSQL"], counted["cache"]], [100, 3]);
        assert.equal(counted["private endpoints of AWS"], undefined);
    });

    it("multiplies hours by the month, and GB and pieces not", () => {
        const lines = monthlyCost(eksConfig(), seoul);
        const usd = (name: string) => lines.find(({ resource }) => resource === name)!.usd;
        assert.equal(usd("control plane"), 0.1 * HOURS);
        assert.equal(usd("data through NAT gateways"), SMALL.natGB * 0.059);
        assert.equal(usd("keys"), 1);
    });

    it("has a price for everything in prod, and says of what day and from where", () => {
        const result = validateConfig(stackFileConfig("prod"));
        assert.ok(result.ok && result.config.cluster.kind === "eks");
        const lines = monthlyCost(result.config.cluster, seoul);
        const sum = lines.reduce((all, { usd }) => all + usd, 0);
        const table = costTable(lines, true);
        assert.match(table, new RegExp(`Together +${sum.toFixed(2)}`.replace(".", "\\.")));
        assert.ok(table.includes(seoul.asOf));
        for (const { source } of Object.values(seoul.prices)) assert.match(source, /^https:\/\/aws\.amazon\.com\//);
    });

    it("refuses another region, and what it knows no price of, rather than guess", () => {
        assert.throws(() => monthlyCost(eksConfig({ region: "us-east-1" }), seoul), /not of us-east-1/);
        assert.throws(
            () => monthlyCost(eksConfig({ nodes: { instanceTypes: ["x9z.huge"] } }), seoul),
            /no price for "ec2 x9z\.huge"/,
        );
    });
});
