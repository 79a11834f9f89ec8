// What went wrong, as the service says it (RFC 9457 problem details), or as we say it when nobody answered.
import { words } from './words'

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    /** What else the service said: errors by field, what others changed. */
    readonly given: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
  }
}

/** The problem in an error answer's body; bodies of other shapes (a proxy's page) become a plain sentence. */
export function problemFrom(status: number, body: unknown): Problem {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (name: string, otherwise: string) => (typeof given[name] === 'string' && given[name]) || otherwise
  const title = text('title', words.failed.unexpected)
  return new Problem(status, text('code', 'unexpected'), title, text('detail', title), given)
}

/** Whatever was thrown, as a problem: a failed fetch has no status and is a matter of the network. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof TypeError) return new Problem(0, 'network', words.failed.network, words.failed.network)
  return new Problem(0, 'unexpected', words.failed.unexpected, words.failed.unexpected)
}

/** Field -> what is wrong with it, of the problem's own `errors`; empty when it names no field. */
export function errorsByField(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const errors = (given.errors ?? {}) as Record<string, unknown>
  const by = ((errors.json as Record<string, unknown> | undefined) ?? errors) as Record<string, unknown>
  return Object.fromEntries(Object.entries(by).map(([key, said]) => [key, String(Array.isArray(said) ? said[0] : said)]))
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError'
}
