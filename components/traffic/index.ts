export * from "./destination-rule";
export * from "./gateway";
export * from "./http-route";
export * from "./mesh-virtual-service";
export * from "./retriable-status-codes";
export * from "./routes";
export * from "./service";
export * from "./virtual-service";
