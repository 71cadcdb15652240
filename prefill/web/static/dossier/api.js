// Calls to the service on behalf of the agent: by a session, whose cookie no script reads, or with a key, which stays in
// this module's memory: neither storage, nor address, nor field.

let key = ''
let session = '' // the token that requests of a session carry

export const signedIn = () => key !== '' || session !== ''

export const sessionToken = () => (key ? '' : session)

/** @param {string} token */
export const setSession = token => {
	session = token
}

/** @param {string} text */
export const setKey = text => {
	key = text.trim()
}

/**
 * @param {string} path
 * @param {string} accept
 * @param {AbortSignal} [signal]
 */
export const call = (path, accept, signal) => send(path, { accept, signal })

/**
 * @param {string} path
 * @param {string} accept
 * @param {object} body
 */
export const post = (path, accept, body) => send(path, { accept, method: 'POST', body: JSON.stringify(body) })

/**
 * @param {string} path
 * @param {{ accept: string, method?: string, body?: string, signal?: AbortSignal }} options
 */
const send = (path, { accept, method, body, signal }) =>
	fetch(path, {
		method,
		body,
		headers: {
			...credentials(),
			...(body ? { 'Content-Type': 'application/json' } : {}),
			Accept: accept,
			'Accept-Language': 'fr',
		},
		cache: 'no-store',
		credentials: key ? 'omit' : 'same-origin',
		referrerPolicy: 'no-referrer',
		signal,
	})

/** @returns {Record<string, string>} */
const credentials = () => {
	if (key) return { Authorization: `Bearer ${key}` }
	return session ? { 'X-Prefill-CSRF': session } : {}
}

/** Whose the key or the session is; of nobody, how to sign in. */
export const askSession = () => call(`/v1/session${location.search}`, 'application/json')

/** @returns {Promise<string>} Where the provider ends its own session; empty when it does not. */
export const signOutOfSession = async () => {
	const response = await send('/signout', { accept: 'application/json', method: 'POST' })
	session = ''
	return response.ok ? (await response.json()).location || '' : ''
}

// What the service says of missing credentials is for programs.
const ENDED = 'Votre session est terminée, ou votre clé n’est plus valable : identifiez-vous de nouveau.'

/** An error of the service, with its HTTP status. */
export class Refusal extends Error {
	/**
	 * @param {string} message
	 * @param {number} [status]
	 */
	constructor(message, status) {
		super(message)
		this.status = status
	}
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
export const refusalOf = async response => {
	if (response.status === 401) return new Refusal(ENDED, response.status)
	const problem = await response.json().catch(() => ({}))
	return new Refusal(problem.detail || 'Le service ne répond pas : réessayez plus tard.', response.status)
}

/**
 * Read a dossier's event stream to its end.
 *
 * @param {Response} response
 * @param {{ proofs: (body: any) => void, done: (body: any) => void }} handlers
 */
export const followStream = async (response, handlers) => {
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
	let text = ''
	let ended = false
	for (;;) {
		const { value, done } = await reader.read()
		if (done) break
		const blocks = (text + value).split('\n\n')
		text = blocks.pop()
		for (const block of blocks) ended = dispatch(block, handlers) || ended
	}
	if (!ended) throw new Refusal('La réponse s’est interrompue : consultez à nouveau le dossier.')
}

/**
 * @param {string} block
 * @param {{ proofs: (body: any) => void, done: (body: any) => void }} handlers
 * @returns {boolean} Whether it is the last event.
 */
const dispatch = (block, handlers) => {
	const name = /^event: (.*)$/m.exec(block)?.[1]
	const data = /^data: (.*)$/m.exec(block)?.[1]
	if (!name || !data) return false
	const body = JSON.parse(data)
	if (name === 'problem') throw new Refusal(body.detail)
	if (name === 'proofs') handlers.proofs(body)
	if (name === 'done') handlers.done(body)
	return name === 'done'
}
