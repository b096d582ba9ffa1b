export { Verification, type VerificationArgs } from "./verification";
export type { VerificationTarget } from "./target";
