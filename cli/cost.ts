import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { parse } from "yaml";
import { validateConfig } from "../components/config/validate";
import { UserError } from "../tools/errors";
import { monthlyCost, SMALL, type CostLine, type Usage } from "./cost/estimate";
import { seoul } from "./cost/prices";
import { StackOptions, withStackOptions } from "./options";
import { findStack, type Stack } from "./project";

/** `npm run cost`: what an environment on AWS costs in a month, by resource. */
export function costCommand(): Command {
    return withStackOptions(new Command("cost"), "prod")
        .option("--nat-gb <number>", "GB a month through NAT gateways", count, SMALL.natGB)
        .option("--internet-gb <number>", "GB a month of answers to the internet", count, SMALL.internetGB)
        .option("--log-gb <number>", "GB a month of logs", count, SMALL.logGB)
        .option("--capacity-units <number>", "capacity units of the load balancer", count, SMALL.capacityUnits)
        .option("--sources", "show where each price is from")
        .action(
            (options: StackOptions & Usage & { natGb: number; internetGb: number; logGb: number; sources?: true }) => {
                const { natGb: natGB, internetGb: internetGB, logGb: logGB, capacityUnits } = options;
                const lines = costOf(findStack(options), { natGB, internetGB, logGB, capacityUnits });
                console.log(costTable(lines, options.sources));
            },
        );
}

function count(text: string): number {
    const number = Number(text);
    if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError("a number of 0 or more");
    return number;
}

/** What a stack on AWS costs in a month, by resource. @throws UserError where it is on no cluster of AWS, or a price is missing. */
export function costOf(stack: Stack, usage: Usage = SMALL): CostLine[] {
    const file = parse(readFileSync(stack.configFile, "utf8")) as { config?: Record<string, unknown> };
    const values = Object.entries(file.config ?? {}).map(([key, value]) => [key.replace("istio-platform:", ""), value]);
    const result = validateConfig(Object.fromEntries(values));
    if (!result.ok) throw new UserError(result.message, 2);
    const { cluster } = result.config;
    if (cluster.kind !== "eks")
        throw new UserError(
            `The stack ${stack.name} is on a cluster of the kind ${cluster.kind}, which costs nothing.`,
            2,
        );
    try {
        return monthlyCost(cluster, seoul, usage);
    } catch (error) {
        throw new UserError(`${(error as Error).message}: add it to cli/cost/prices.ts`, 2);
    }
}

/** The lines as a table with their sum. */
export function costTable(lines: readonly CostLine[], sources = false): string {
    const total = lines.reduce((sum, { usd }) => sum + usd, 0);
    const row = (resource: string, quantity: string, price: string, usd: number) =>
        `${resource.padEnd(46)}${quantity.padStart(6)}  ${price.padEnd(44)}${usd.toFixed(2).padStart(9)}`;
    return [
        `${"Resource".padEnd(46)}${"Number".padStart(6)}  ${"Charged as".padEnd(44)}${"USD/month".padStart(9)}`,
        ...lines.map(({ resource, price, quantity, usd }) => row(resource, String(quantity), price, usd)),
        row("Together", "", "", total),
        "",
        `Prices of ${seoul.region} on ${seoul.asOf}, without discounts and taxes; ${seoul.note}.`,
        ...(sources ? lines.map(({ price }) => `  ${price}: ${seoul.prices[price]!.source}`) : []),
    ].join("\n");
}
