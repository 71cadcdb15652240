// A form that came back, held against its receipt by the service: a row for each value.

import { post, refusalOf } from './api.js'
import { byId, make } from './dom.js'
import { day, written } from './format.js'
import { badge } from './proofs.js'
import { readReceived } from './received.js'

/**
 * @typedef {'modified' | 'expired' | 'typed' | 'lacking' | 'verified'} State
 * @typedef {{ pointer: string, value: unknown, state: State, word: string, source?: string, asOf?: string }} Row
 */

/** @type {Record<State, 'bad' | 'watch' | 'plain' | 'none' | 'good'>} What must be looked at first. */
const TONES = { modified: 'bad', expired: 'watch', typed: 'plain', lacking: 'none', verified: 'good' }
const ORDER = /** @type {State[]} */ (Object.keys(TONES))
const MAX_SHOWN = 300 // characters of a value
const FIELDS = ['receipt-values', 'receipt-text', 'receipt-siret', 'receipt-object', 'receipt-file']

let turn = 0

const verify = async () => {
	turn += 1
	const own = turn
	showNothing()
	const received = readReceived(byId('receipt-values').value, byId('receipt-text').value)
	const fault = whatLacks(received)
	if (fault) {
		refuse(fault.message, fault.id)
		return
	}
	say('Vérification…')
	try {
		const response = await post('/v1/verify', 'application/json', bodyOf(received))
		if (!response.ok) throw await refusalOf(response)
		const body = await response.json()
		const labels = await labelsOf(body.form)
		if (own === turn) show(received, body, labels)
	} catch (error) {
		if (own === turn) refuse(error.status ? error.message : 'Le service ne répond pas : réessayez plus tard.')
	}
}

/** @param {import('./received.js').Received | null} received */
const whatLacks = received => {
	if (!received)
		return { id: 'receipt-values', message: 'Le formulaire attend un objet JSON : collez-le ou chargez son fichier.' }
	if (!received.receipt)
		return { id: 'receipt-text', message: 'Il n’y a pas de reçu : sans lui, toute valeur est à tenir pour saisie.' }
	if (!numberOf(received))
		return { id: 'receipt-siret', message: 'Indiquez le SIRET de l’entreprise qui a envoyé le formulaire.' }
	return null
}

/** @param {import('./received.js').Received} received */
const numberOf = received => byId('receipt-siret').value.trim() || received.siret

/** @param {import('./received.js').Received} received */
const bodyOf = received => {
	const procedure = byId('receipt-object').value.trim() || received.procedure
	return {
		receipt: received.receipt,
		siret: numberOf(received),
		values: received.values,
		...(procedure ? { procedure } : {}),
	}
}

/**
 * @param {string | undefined} form
 * @returns {Promise<Map<string, string>>} The labels of its fields, as far as this service has that form.
 */
const labelsOf = async form => {
	if (!form) return new Map()
	const response = await fetch(`/v1/schemas/${encodeURIComponent(form)}`, { headers: { 'Accept-Language': 'fr' } })
	const fields = response.ok ? (await response.json()).fields : []
	return new Map(fields.map((/** @type {{ path: string, label: string }} */ field) => [field.path, field.label]))
}

/**
 * @param {import('./received.js').Received} received
 * @param {any} body
 * @param {Map<string, string>} labels
 */
const show = (received, body, labels) => {
	if (!body.valid) {
		refuse(body.message)
		return
	}
	const rows = rowsOf(received, body)
	byId('receipt-about').textContent = about(received, body)
	byId('receipt-counts').replaceChildren(...counts(rows))
	byId('receipt-rows').replaceChildren(...rows.map(row => rowElement(row, labels)))
	byId('receipt-result').hidden = false
	const changed = rows.filter(row => row.state === 'modified').length
	say(
		changed
			? `${changed} valeur${changed > 1 ? 's ne sont' : ' n’est'} plus celle du registre.`
			: 'Rien n’a été modifié.',
	)
}

/**
 * @param {import('./received.js').Received} received
 * @param {any} body
 */
const about = (received, body) => {
	const checked = byId('receipt-object').value.trim() || received.procedure
	const procedure = `procédure ${body.procedure}${checked ? '' : ' (non comparée : indiquez la vôtre)'}`
	const mark = body.sandbox ? ' Bac à sable : tout y est inventé, et chacun peut signer.' : ''
	return `Reçu du ${day(body.day)}, acheteur ${body.buyer}, ${procedure}.${mark}`
}

/**
 * @param {import('./received.js').Received} received
 * @param {any} body
 * @returns {Row[]}
 */
const rowsOf = (received, body) => {
	const given = Object.entries(body.values).map(([pointer, one]) => {
		const { state, label, source, asOf } = /** @type {any} */ (one)
		return { pointer, value: received.values[pointer], state, word: label, source, asOf }
	})
	const lacking = received.lacking.map(pointer => ({
		pointer,
		value: '',
		state: /** @type {State} */ ('lacking'),
		word: 'absent du formulaire',
	}))
	return [...given, ...lacking].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state))
}

/** @param {Row[]} rows */
const counts = rows =>
	ORDER.map(state => rows.filter(row => row.state === state))
		.filter(own => own.length)
		.map(own => make('li', {}, badge(TONES[own[0].state], `${own.length} ${own[0].word}`)))

/**
 * @param {Row} row
 * @param {Map<string, string>} labels
 */
const rowElement = (row, labels) => {
	const label = labels.get(row.pointer)
	const origin = row.source ? `${row.source}${row.asOf ? `, ${day(row.asOf)}` : ''}` : ''
	return make(
		'tr',
		{ role: 'row', 'data-state': row.state },
		make('th', { scope: 'row', role: 'rowheader' }, label, make('span', { class: 'who' }, row.pointer)),
		make('td', { role: 'cell' }, shown(row.value)),
		make('td', { role: 'cell' }, badge(TONES[row.state], row.word)),
		make('td', { role: 'cell' }, origin),
	)
}

/** @param {unknown} value */
const shown = value => {
	if (typeof value === 'boolean') return written(value, 'boolean')
	const text = typeof value === 'string' ? value : JSON.stringify(value)
	return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** @param {string} text */
const say = text => {
	byId('receipt-status').textContent = text
}

/**
 * @param {string} message
 * @param {string} [id] The field that is wrong.
 */
const refuse = (message, id) => {
	say('')
	byId('receipt-problem').textContent = message
	byId('receipt-problem').hidden = false
	if (id) byId(id).focus()
}

const showNothing = () => {
	byId('receipt-problem').hidden = true
	byId('receipt-result').hidden = true
	byId('receipt-rows').replaceChildren()
	say('')
}

/** Forget the form and what was found of it. */
export const forgetReceived = () => {
	turn += 1
	for (const id of FIELDS) byId(id).value = ''
	showNothing()
}

export const setUpReceipt = () => {
	byId('receipt-form').addEventListener('submit', (/** @type {Event} */ event) => {
		event.preventDefault()
		verify()
	})
	byId('receipt-file').addEventListener('change', async () => {
		const [file] = byId('receipt-file').files
		if (file) byId('receipt-values').value = await file.text()
	})
}
