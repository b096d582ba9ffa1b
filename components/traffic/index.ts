export * from "./destination-rule";
export * from "./gateway";
export * from "./http-route";
export * from "./routes";
export * from "./service";
export * from "./virtual-service";
