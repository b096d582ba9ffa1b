import type { Mistake } from "../corpus";
import { accessMistakes } from "./access";
import { gatewayApiMistakes } from "./gateway-api";
import { gatewayMistakes } from "./gateways";
import { monitoringMistakes } from "./monitoring";
import { networkMistakes } from "./network";
import { routeMistakes } from "./routes";
import { serviceMistakes } from "./services";
import { trafficMistakes } from "./traffic";
import { workloadMistakes } from "./workloads";

/** Every mistake of the corpus. */
export const corpus: readonly Mistake[] = [
    ...workloadMistakes,
    ...serviceMistakes,
    ...gatewayMistakes,
    ...routeMistakes,
    ...trafficMistakes,
    ...accessMistakes,
    ...networkMistakes,
    ...gatewayApiMistakes,
    ...monitoringMistakes,
];
