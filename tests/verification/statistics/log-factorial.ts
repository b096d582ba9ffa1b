/** ln(n!) of whole numbers: the sum of the logarithms, kept for the next call. */

const table: number[] = [0, 0];

export function logFactorial(n: number): number {
    if (!Number.isInteger(n) || n < 0)
        throw new RangeError(`the factorial needs a whole number that is not negative: ${n}`);
    for (let i = table.length; i <= n; i++) table[i] = table[i - 1]! + Math.log(i);
    return table[n]!;
}
