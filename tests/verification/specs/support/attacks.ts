import type { OutsideRequest } from "../../target/target";

/** Requests as the documents' security tests send them (C14), and such that only look like them. */

/** What is sent to a service's path. */
export interface Probe {
    subject: string;
    /** The request, given the service's path. */
    to(path: string): OutsideRequest;
}

const query = (subject: string, text: string): Probe => ({ subject, to: (path) => ({ path: `${path}?${text}` }) });

const header = (subject: string, name: string, value: string): Probe => ({
    subject,
    to: (path) => ({ path, headers: { [name]: value } }),
});

const types = { form: "application/x-www-form-urlencoded", json: "application/json" } as const;

const sent = (subject: string, type: keyof typeof types, body: string): Probe => ({
    subject,
    to: (path) => ({ path, method: "POST", headers: { "content-type": types[type] }, body }),
});

/** SQL injection; the first is the documents' own. */
export const injections: readonly [Probe, ...Probe[]] = [
    query("a query", "id=1'%20OR%20'1'='1"),
    query("a query with every character escaped", "id=%31%27%20%4f%52%20%27%31%27%3d%27%31"),
    sent("a form", "form", "id=1' OR '1'='1"),
    sent("JSON", "json", JSON.stringify({ id: "1' OR '1'='1" })),
    header("a cookie", "cookie", "id=1' UNION SELECT name, password FROM users--"),
];

/** Scripts for the browser of whoever reads the data; the first is the documents' own: curl calls it a form. */
export const scripts: readonly Probe[] = [
    sent("JSON that is called a form", "form", '{"name": "<script>alert(1)</script>"}'),
    sent("JSON", "json", '{"name": "<script>alert(1)</script>"}'),
    sent("JSON with escaped characters", "json", '{"name": "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e"}'),
    query("a query", "name=%3Cimg%20src=x%20onerror=alert(1)%3E"),
];

/** The same requests without what makes them attacks, and everyday ones that resemble them. */
export const harmless: readonly Probe[] = [
    query("the documents' query without its end", "id=1"),
    sent("the documents' JSON without the script", "form", '{"name": "alert"}'),
    query("words of SQL", "q=select%20a%20product%20from%20the%20list"),
    query("an apostrophe", "name=O'Brien"),
    query("a comparison", "q=price%20%3C%20100"),
    sent("all of it in JSON", "json", '{"name": "O\'Brien", "note": "select a product from the list, price < 100"}'),
    header("a cookie", "cookie", "theme=dark; name=O'Brien"),
];

/** A body of exactly this size that ends in a text. */
export function bodyOf(bytes: number, end = ""): Probe {
    const frame = JSON.stringify({ note: end });
    const filled = "a".repeat(Math.max(0, bytes - Buffer.byteLength(frame)));
    return sent(`a body of ${bytes} bytes`, "json", JSON.stringify({ note: `${filled}${end}` }));
}
