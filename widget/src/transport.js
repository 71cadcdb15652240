/** The service's answers: a stream of parts where it comes through, plain JSON where it does not. */

const STREAM_SILENCE = 5e3
const PLAIN_SILENCE = 2e4
const STREAMS_OFF = 6e5
const FIRST_RETRY = 5

/** @typedef {Record<string, any>} Answer The service's JSON. */
/**
 * @typedef {object} Request
 * @property {string} [schema] @property {string} [url] @property {string} [tenant] @property {string} [with]
 * @property {string} [fields] @property {string} [role] @property {string} [lang] @property {AbortSignal} [signal]
 * @property {string} [receipt] Reference of the procedure that a receipt is wanted for.
 */

/** A request that brought no answer: refused by the service (`problem`), or lost on the way. */
export class PrefillError extends Error {
	/** @param {Record<string, any> | undefined} problem @param {number} [retryAfter] Seconds. */
	constructor(problem, retryAfter) {
		super(problem?.detail || 'The service does not answer', { cause: problem })
		this.problem = problem
		this.retryAfter = retryAfter
		/** Whether asking again may help. */
		this.transient =
			!problem || problem.status === 429 || (problem.status >= 500 && problem.code !== 'upstream_misconfigured')
	}
}

/** @param {number} milliseconds */
export const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

/** The folder of the service, which the entry point knows by its own address. */
export const service = { base: '' }

/** @param {string} path @param {Request} options @param {readonly string[]} keys */
export function addressOf(path, options, keys) {
	const url = new URL(path, new URL(options.url || '.', service.base || document.baseURI))
	for (const key of keys) {
		const value = /** @type {any} */ (options)[key]
		if (value) url.searchParams.set(key, value)
	}
	return url
}

/** @param {Response} response */
function retryAfterOf(response) {
	const text = response.headers.get('Retry-After')
	const seconds = text && (/^\d+$/.test(text) ? +text : (Date.parse(text) - Date.now()) / 1e3)
	return seconds > 0 ? Math.ceil(seconds) : undefined
}

/** @param {Response} response @param {() => Promise<any>} read */
async function bodyOf(response, read) {
	const body = await read().catch(() => /** @type {any} */ (undefined))
	if (response.ok && body) return body
	const problem = body?.status || body?.detail ? body : response.ok ? undefined : { status: response.status }
	throw new PrefillError(problem, body?.retryAfter || retryAfterOf(response))
}

/** @param {number} milliseconds @returns {Promise<never>} */
async function silent(milliseconds) {
	await pause(milliseconds)
	throw Object.assign(new PrefillError(undefined), { silent: true })
}

/**
 * @param {URL} url @param {Request} options @param {string} accept @param {number} silence Milliseconds without a byte.
 * @param {(part: Answer) => void} [onPart] @returns {Promise<Answer>}
 */
async function once(url, options, accept, silence, onPart) {
	const quit = new AbortController()
	const abort = () => quit.abort()
	options.signal?.addEventListener('abort', abort)
	if (options.signal?.aborted) abort()
	/** @template T @param {Promise<T>} work @returns {Promise<T>} */
	const soon = work => Promise.race([work, silent(silence)])
	try {
		const response = await soon(
			fetch(url, {
				headers: { Accept: accept, 'Accept-Language': options.lang || 'fr' },
				credentials: 'omit',
				signal: quit.signal,
			}),
		)
		if (!/event-stream/.test(response.headers.get('Content-Type')))
			return await bodyOf(response, () => soon(response.json()))
		return await events(response, soon, onPart)
	} catch (fault) {
		throw fault instanceof PrefillError || options.signal?.aborted ? fault : new PrefillError(undefined)
	} finally {
		options.signal?.removeEventListener('abort', abort)
		abort()
	}
}

/**
 * @param {Response} response @param {<T>(work: Promise<T>) => Promise<T>} soon @param {(part: Answer) => void} [onPart]
 * @returns {Promise<Answer>}
 */
async function events(response, soon, onPart) {
	const reader = response.body.getReader()
	const decoder = new TextDecoder()
	for (let text = ''; ;) {
		const { value, done } = await soon(reader.read())
		if (done) throw new PrefillError(undefined)
		const blocks = (text + decoder.decode(value, { stream: true })).split('\n\n')
		text = blocks.pop()
		for (const block of blocks) {
			const [, kind, data] = /^event: (.*)[^]*?\ndata: (.*)/.exec(block) || []
			if (kind === 'fields') onPart?.(JSON.parse(data))
			else if (kind === 'done') return JSON.parse(data)
			else if (kind) throw new PrefillError(JSON.parse(data))
		}
	}
}

let streamsOffUntil = 0

/**
 * @param {string} number @param {Request} options @param {(part: Answer) => void} [onPart] Without it, no stream.
 * @returns {Promise<Answer>}
 */
export async function ask(number, options, onPart) {
	const url = addressOf(`prefill/${encodeURIComponent(number)}`, options, [
		'schema',
		'fields',
		'with',
		'role',
		'tenant',
		'receipt',
	])
	if (onPart && Date.now() > streamsOffUntil)
		try {
			return await once(url, options, 'text/event-stream', STREAM_SILENCE, onPart)
		} catch (fault) {
			if (fault.problem || options.signal?.aborted) throw fault
			// A proxy that holds streams back keeps doing so; a cut connection says nothing of the next one.
			if (fault.silent) streamsOffUntil = Date.now() + STREAMS_OFF
		}
	return once(url, options, 'application/json', PLAIN_SILENCE)
}

/** @param {string} path @param {Request & Record<string, any>} options @param {readonly string[]} keys @returns {Promise<Answer>} */
export const askJson = (path, options, keys) =>
	once(addressOf(path, options, keys), options, 'application/json', PLAIN_SILENCE)

/** Seconds before asking again by itself. @param {number | undefined} retryAfter @param {number} attempt From 0. */
export const delayOf = (retryAfter, attempt) => Math.max(retryAfter || 0, FIRST_RETRY * 2 ** attempt)
