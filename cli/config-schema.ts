import { Command } from "commander";
import { stackFileSchema } from "../components/config/json-schema";

/** `npm run config:schema`: JSON Schema of Pulumi.<stack>.yaml, so that editors complete and check it. */
export function configSchemaCommand(): Command {
    return new Command("config-schema")
        .addHelpText(
            "after",
            `
The file schema/pulumi-stack.schema.json is this command's output; the comment on the first line of Pulumi.*.yaml leads
editors with the YAML language server to it. After a change of components/config:

  npm run --silent config:schema > schema/pulumi-stack.schema.json`,
        )
        .action(() => {
            process.stdout.write(`${JSON.stringify(stackFileSchema(), null, 4)}\n`);
        });
}
