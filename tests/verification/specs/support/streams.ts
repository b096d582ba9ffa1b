import type { Answer, Connection, Request } from "../../target/target";

/** Sends requests one after the other on one connection, until one gets no answer. */
export async function collectInTurn(connection: Connection, request: Request, count: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    while (answers.length < count && answers.at(-1)?.error === undefined) answers.push(await connection.send(request));
    return answers;
}
