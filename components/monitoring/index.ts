export { MonitoringAccess, type MonitoringAccessArgs } from "./access";
export { Monitoring, type MonitoringArgs } from "./monitoring";
