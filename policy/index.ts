import { createPack } from "./adapter/pack";

/**
 * The Pulumi policy pack: `pulumi preview --policy-pack policy`.
 * Every rule of rules/ is one mandatory or advisory policy; `--policy-pack-config` changes a rule's enforcement level.
 */
createPack();
