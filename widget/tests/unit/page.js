/** A page in jsdom with the built script, and a service whose answers a test holds back and lets go. */

import { readFileSync } from 'node:fs'
import { JSDOM, VirtualConsole } from 'jsdom'

export const SCRIPT = readFileSync(new URL('../../build/prefill.js', import.meta.url), 'utf8')
const SEARCH = readFileSync(new URL('../../build/prefill.search.js', import.meta.url), 'utf8')
export const A = '00000100800010'
export const B = '00000300400017'
export const C = '00000800300014'
export const NAMES = { [A]: 'A', [B]: 'B', [C]: 'C' }
const POINTERS = { name: '/name', city: '/city', vat: '/vat', people: '/people', category: '/category' }
/** What each register knows of each company: company C has neither VAT number nor category. */
export const REGISTERS = { insee: ['name', 'city', 'category'], vies: ['vat'], rcs: ['people'] }
export const has = (number, field) =>
	!(number === C && ['vat', 'category'].includes(field)) && !(number === B && field === 'people')
export const valueOf = (number, field) =>
	field === 'category' ? { A: 'one', B: 'two' }[NAMES[number]] : `${NAMES[number]} ${field}`

export const tick = (milliseconds = 0) => new Promise(resolve => setTimeout(resolve, milliseconds))
export const settled = async () => {
	for (let round = 0; round < 4; round++) await tick()
}

/** @param {string} number @param {string[]} fields */
export function part(number, fields, value = valueOf) {
	const answer = { data: {}, provenance: {}, missing: {}, aliases: {} }
	for (const field of fields) {
		answer.aliases[field] = POINTERS[field]
		if (has(number, field)) {
			answer.data[field] = value(number, field)
			answer.provenance[POINTERS[field]] = {
				source: 'register',
				producer: 'Insee',
				retrievedAt: '2026-11-25T10:00:00+01:00',
			}
		} else answer.missing[POINTERS[field]] = { reason: 'absent', source: 'register', message: 'Inconnu.' }
	}
	return answer
}

export class Service {
	pending = []
	asked = []

	/** @param {(number: string, field: string) => unknown} [value] What the registers say. */
	constructor(value) {
		this.value = value
	}

	fetch = (url, { signal, headers }) => {
		const { pathname } = new URL(url)
		const [, kind, number] = /\/(prefill|notice|companies)\/?(\w*)/.exec(pathname) || []
		if (kind !== 'prefill') return Promise.resolve(response({ status: 404, detail: 'none' }, 404))
		this.asked.push(number)
		const call = {
			number,
			registers: Object.keys(REGISTERS),
			queue: [],
			wake: () => {},
			stream: /event/.test(headers.Accept),
			closed: false,
		}
		signal.addEventListener('abort', () => {
			call.closed = true
			call.wake()
		})
		this.pending.push(call)
		const read = () => {
			if (call.closed) return Promise.reject(new Error('aborted'))
			if (call.queue.length)
				return Promise.resolve({ value: new TextEncoder().encode(call.queue.shift()), done: false })
			return new Promise(resolve => (call.wake = resolve)).then(read)
		}
		return Promise.resolve({
			ok: true,
			status: 200,
			headers: { get: name => (name === 'Content-Type' ? 'text/event-stream' : null) },
			body: { getReader: () => ({ read }) },
		})
	}

	/** Let one register of one call answer; the last ends the stream. */
	answer(index, which) {
		this.pending = this.pending.filter(call => !call.closed)
		const call = this.pending[index % this.pending.length]
		if (!call) return
		const [register] = call.registers.splice(which % call.registers.length, 1)
		const event = (name, body) => call.queue.push(`event: ${name}\ndata: ${JSON.stringify(body)}\n\n`)
		event('fields', {
			source: register,
			status: 'ok',
			answered: 3 - call.registers.length,
			expected: 3,
			...part(call.number, REGISTERS[register], this.value),
		})
		if (!call.registers.length) {
			event('done', {
				siret: call.number,
				complete: true,
				notices: [],
				sources: { insee: { status: 'ok' } },
				...part(call.number, Object.values(REGISTERS).flat(), this.value),
			})
			this.pending.splice(this.pending.indexOf(call), 1)
		}
		call.wake()
	}

	async answerAll() {
		for (let round = 0; round < 20; round++) {
			await settled()
			this.answer(0, 0)
		}
		await settled()
	}
}

const response = (body, status) => ({
	ok: status < 400,
	status,
	headers: { get: () => 'application/json' },
	json: () => Promise.resolve(body),
})

/** @param {string} body @param {Service} service @param {{ state?: unknown, values?: Record<string, string>, errors?: unknown[] }} [before] */
export function open(body, service, { state = null, values = {}, errors = [] } = {}) {
	const console = new VirtualConsole()
	console.on('jsdomError', error => errors.push(error))
	const { window } = new JSDOM(`<!doctype html><html lang=fr><body>${body}</body></html>`, {
		url: 'https://site.example/',
		runScripts: 'outside-only',
		pretendToBeVisual: true,
		virtualConsole: console,
	})
	window.history.replaceState(state, '')
	for (const [id, value] of Object.entries(values)) {
		const element = window.document.getElementById(id)
		if (element) element.value = value
	}
	Object.assign(window, { fetch: service.fetch, TextDecoder, TextEncoder, scrollTo() {} })
	window.Element.prototype.scrollIntoView = () => {}
	window.performance.getEntriesByName = () => []
	loadScripts(window)
	window.eval(SCRIPT)
	return window
}

/** What a browser does with the script element of a part. */
function loadScripts(window) {
	const { document } = window
	const { append } = document.head
	document.head.append = (...nodes) => {
		const script = nodes.find(node => node.localName === 'script')
		if (!script) return append.apply(document.head, nodes)
		Object.defineProperty(document, 'currentScript', { configurable: true, value: script })
		window.eval(SEARCH)
		Object.defineProperty(document, 'currentScript', { configurable: true, value: null })
		script.onload()
	}
}

/** @param {any} window @param {string} id @param {string} value As a person types: with focus. */
export function type(window, id, value, leave = true) {
	const element = window.document.getElementById(id)
	element.focus()
	element.value = value
	element.dispatchEvent(new window.Event('input', { bubbles: true }))
	if (!leave) return
	element.dispatchEvent(new window.Event('change', { bubbles: true }))
	element.blur()
}
