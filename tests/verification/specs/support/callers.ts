import type { PlatformConfig } from "../../../../components/config/platform";
import { ecommerceServices } from "./names";

/**
 * The e-commerce services that may call another one (C7, S4); where nothing is declared, all of them. Those that follow
 * the service come first, so that the calls of a check spread over many callers.
 */
export function allowedCallers(config: PlatformConfig, service: string): string[] {
    const names = ecommerceServices(config).map(({ name }) => name);
    const index = names.indexOf(service);
    return [...names.slice(index + 1), ...names.slice(0, index + 1)].filter((caller) =>
        mayCall(config, caller, service),
    );
}

/** Whether one e-commerce service may call another one. */
export function mayCall({ ecommerce: { authorization } }: PlatformConfig, caller: string, service: string): boolean {
    if (!authorization) return true;
    const called = authorization.calls[caller];
    return called === "all" || (called?.includes(service) ?? false);
}

/** Services of a row of calls: more would prove no more. */
const longestChain = 4;

/** The longest row of e-commerce services in which each may call the next one (C7), at most four; fewer than two where none may. */
export function callChain(config: PlatformConfig): string[] {
    const names = ecommerceServices(config).map(({ name }) => name);
    const longest = (chain: readonly string[]): readonly string[] =>
        chain.length === longestChain
            ? chain
            : names
                  .filter((name) => !chain.includes(name) && mayCall(config, chain.at(-1)!, name))
                  .map((name) => longest([...chain, name]))
                  .reduce((best, other) => (other.length > best.length ? other : best), chain);
    return names
        .map((name) => [...longest([name])])
        .reduce((best, other) => (other.length > best.length ? other : best), []);
}
