export * from "./destination-rule";
export * from "./gateway";
export * from "./http-route";
export * from "./service";
export * from "./virtual-service";
