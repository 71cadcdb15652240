// The text of the form, with what the checker says as it is typed. Nothing is saved.

import { byId, make } from '../dossier/dom.js'

const PAUSE = 400 // milliseconds without a key
const path = `/studio/${document.body.dataset.form}/check`

/** @type {ReturnType<typeof setTimeout>} */
let timer
let running = new AbortController()

/** @typedef {{ file: string, line: number, path: string, message: string, blocking: boolean }} Message */

const check = async () => {
	running.abort()
	running = new AbortController()
	const { signal } = running
	try {
		const headers = { 'Content-Type': 'text/plain', 'Accept-Language': 'fr' }
		const reply = await fetch(path, { method: 'POST', headers, body: byId('text').value, signal })
		const verdict = await reply.json()
		if (reply.ok) show(verdict)
		else if (reply.status === 429) later((verdict.retryAfter || 1) * 1000)
		else say(verdict.detail, 'wrong')
	} catch {
		if (!signal.aborted) say('Le service ne répond pas : le texte n’est pas vérifié.', 'wrong')
	}
}

/** @param {number} milliseconds */
const later = milliseconds => {
	clearTimeout(timer)
	timer = setTimeout(check, milliseconds)
}

/** @param {{ valid: boolean, fields: number, total: number, messages: Message[] }} verdict */
export const show = verdict => {
	const { valid, fields, total, messages } = verdict
	const remarks = messages.some(message => !message.blocking)
	if (valid) say(`Aucune erreur : ${fields} champs.${remarks ? ' Des remarques :' : ''}`, 'right')
	else say(`${total} message${total > 1 ? 's' : ''} :`, 'wrong')
	byId('messages').replaceChildren(...messages.map(item))
}

/**
 * @param {string} text
 * @param {'right' | 'wrong'} kind
 */
const say = (text, kind) => {
	byId('verdict').textContent = text
	byId('verdict').dataset.kind = kind
	if (kind === 'wrong') byId('messages').replaceChildren()
}

/** @param {Message} message */
const item = message => {
	const own = message.file === `${document.body.dataset.form}.yaml`
	const where = own ? `ligne ${message.line}` : `${message.file}, ligne ${message.line}`
	const button = make('button', { type: 'button', class: 'line' }, where)
	if (own) button.addEventListener('click', () => goTo(message.line))
	const kind = message.blocking ? '' : 'remarque : '
	return make(
		'li',
		{},
		own ? button : make('strong', {}, where),
		` ${kind}`,
		make('code', {}, message.path),
		` ${message.message}`,
	)
}

/** @param {number} line From 1. */
const goTo = line => {
	const text = byId('text')
	const lines = text.value.split('\n')
	const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
	text.focus()
	text.setSelectionRange(start, start + (lines[line - 1] || '').length)
	text.scrollTop = Math.max(0, ((line - 3) * text.scrollHeight) / lines.length)
}

export const startChecker = () => byId('text').addEventListener('input', () => later(PAUSE))
