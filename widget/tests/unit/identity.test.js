/** The number's input: names and SIREN with and without a search, Enter, notice and consent, refusals and retries. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { A, B, Service, open, settled, tick, type } from './page.js'

const PAGE =
	'<form id="form" data-prefill="f"><label>SIRET <input id="siret" data-prefill-siret></label><label>Nom <input id="name" data-prefill-field="name"></label></form>'
const json = (body, status = 200, headers = {}) => ({
	ok: status < 400,
	status,
	headers: { get: name => ({ 'Content-Type': 'application/json', ...headers })[name] ?? null },
	json: () => Promise.resolve(body),
})
const COMPANIES = {
	companies: [
		{ siren: '000001008', name: 'A', city: 'RENNES', postalZone: '35000', openEstablishments: 2, establishments: [] },
		{ siren: '000003004', name: 'B', city: 'LYON', openEstablishments: 1, establishments: [{ siret: B }] },
	],
	incompleteWord: false,
	partial: false,
}
const ESTABLISHMENTS = {
	siren: '000001008',
	establishments: [
		{ siret: A, city: 'RENNES', headOffice: true },
		{ siret: '00000100800028', city: 'BREST', closed: true },
	],
	partial: false,
	total: 2,
}

/** A page whose service answers these paths otherwise than with 404. */
async function visit(answers, body = PAGE) {
	const service = new Service()
	const calls = []
	const asked = []
	const { fetch } = service
	service.fetch = (url, options) => {
		const path = new URL(url).pathname.slice(1)
		calls.push(path)
		asked.push(new URL(url).searchParams)
		const known = Object.keys(answers).find(key => path.startsWith(key))
		const reply = known && answers[known](new URL(url).searchParams)
		return reply ? Promise.resolve(reply) : fetch(url, options)
	}
	const window = open(body, service)
	await settled()
	const at = id => window.document.getElementById(id)
	const press = key => {
		const event = new window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
		at('siret').dispatchEvent(event)
		return event
	}
	const says = () => window.document.querySelector('[role=status]').textContent
	const options = () => [...window.document.querySelectorAll('[role=option]')]
	const state = () => at('form').dataset.prefillState
	return { window, service, calls, asked, at, press, says, options, state }
}
const searched = () => tick(320).then(settled)

test('a name opens the list; arrows, then Enter, choose a company and its establishment', async () => {
	const { window, service, at, press, options, state } = await visit({
		'companies?': () => json(COMPANIES),
		companies: () => json(COMPANIES),
		'companies/000001008/establishments': () => json(ESTABLISHMENTS),
	})
	type(window, 'siret', 'menuiserie', false)
	await searched()
	assert.equal(state(), 'choosing')
	const input = at('siret')
	assert.equal(input.getAttribute('aria-expanded'), 'true')
	assert.equal(at(input.getAttribute('aria-controls')).getAttribute('role'), 'listbox')
	press('ArrowDown')
	press('ArrowDown')
	assert.equal(input.getAttribute('aria-activedescendant'), options()[1].id)
	assert.equal(options()[1].getAttribute('aria-selected'), 'true')
	const enter = press('Enter')
	assert.ok(enter.defaultPrevented)
	await settled()
	assert.equal(input.value, B)
	await service.answerAll()
	assert.equal(at('name').value, 'B name')
	window.close()
})

// These wait for the same five seconds: together.
describe('a quota that is spent', { concurrency: true }, () => {
	test('a search that is out of calls is tried again, and is not taken for one without result', async () => {
		let answered = { companies: [], partial: true, retryAfter: 1 }
		const { window, says, state, options } = await visit({ companies: () => json(answered) })
		type(window, 'siret', 'menuiserie', false)
		await searched()
		assert.equal(state(), 'error')
		assert.match(says(), /^Trop de recherches en ce moment/)
		assert.match(window.document.querySelector('.prefill-retry').textContent, /Réessayer dans \d s/)
		answered = COMPANIES
		await tick(5600)
		await settled()
		assert.equal(options().length, 2)
		window.close()
	})

	test('what is known is offered while the rest waits for calls, and is completed by itself', async () => {
		let answered = { companies: COMPANIES.companies.slice(0, 1), partial: true, retryAfter: 1 }
		const { window, says, options } = await visit({ companies: () => json(answered) })
		type(window, 'siret', 'menuiserie', false)
		await searched()
		assert.deepEqual([options().length, says()], [1, '1 résultat. La liste sera complétée d’elle-même.'])
		answered = COMPANIES
		await tick(5600)
		await settled()
		assert.equal(options().length, 2)
		window.close()
	})

	test('a list that somebody chooses from does not change under their hand', async () => {
		const answered = { companies: COMPANIES.companies.slice(0, 1), partial: true, retryAfter: 1 }
		const { window, press, options, calls } = await visit({ companies: () => json(answered) })
		type(window, 'siret', 'menuiserie', false)
		await searched()
		press('ArrowDown')
		await tick(5600)
		await settled()
		assert.equal(options()[0].getAttribute('aria-selected'), 'true')
		assert.equal(calls.filter(path => path.startsWith('companies')).length, 1)
		window.close()
	})
})

test('Escape closes the list and keeps what was typed', async () => {
	const { window, at, press, options } = await visit({ companies: () => json(COMPANIES) })
	type(window, 'siret', 'menuiserie', false)
	await searched()
	press('Escape')
	assert.deepEqual(
		[options().length, at('siret').value, at('siret').getAttribute('aria-expanded')],
		[0, 'menuiserie', 'false'],
	)
	window.close()
})

test('an unfinished word is told so, whether or not more was found', async () => {
	for (const partial of [false, true]) {
		const { window, says, state } = await visit({
			companies: () => json({ companies: [], incompleteWord: true, partial }),
		})
		type(window, 'siret', 'menuis', false)
		await searched()
		assert.equal(state(), 'idle')
		assert.match(says(), /écrivez le mot en entier/)
		window.close()
	}
})

test('a SIREN and a place list the establishments there', async () => {
	const { window, options, asked } = await visit({
		'companies/000001008/establishments': () => json(ESTABLISHMENTS),
	})
	type(window, 'siret', '000 001 008 brest', false)
	await searched()
	assert.equal(options().length, 2)
	assert.equal(asked.at(-1).get('q'), 'brest')
	window.close()
})

test('a receipt is kept in the hidden field of its procedure, and goes with the company', async () => {
	const answer = {
		siret: A,
		complete: true,
		receipt: 'signed',
		data: { name: 'A' },
		provenance: { '/name': { source: 'register', producer: 'Insee', retrievedAt: '2026-11-25', asOf: '2026-11-22' } },
		aliases: { name: '/name' },
	}
	const body = PAGE.replace(
		'</form>',
		'<input type="hidden" name="recu" id="receipt" data-prefill-receipt="2026-42"></form>',
	)
	const { window, at, asked } = await visit({ prefill: () => json(answer) }, body)
	type(window, 'siret', A)
	await settled()
	assert.equal(at('receipt').value, 'signed')
	assert.equal(asked.at(-1).get('receipt'), '2026-42')
	assert.match(at('form').textContent, /Prérempli : Insee, donnée du 22\/11\/2026\. À vérifier\./)
	window.Prefill.attach('#form').undo()
	assert.equal(at('receipt').value, '')
	window.close()
})

test('a SIREN has its establishments to choose from', async () => {
	const { window, service, at, options } = await visit({
		'companies/000001008/establishments': () => json(ESTABLISHMENTS),
	})
	type(window, 'siret', '000 001 008', false)
	await tick(650)
	await settled()
	assert.equal(options().length, 2)
	assert.match(options()[0].textContent, /siège/)
	options()[0].click()
	await service.answerAll()
	assert.deepEqual([at('siret').value, at('name').value], [A, 'A name'])
	window.close()
})

test('without a search the input is a plain one, and a name gets a sentence', async () => {
	const { window, at, says, state, calls } = await visit({})
	type(window, 'siret', 'menuiserie')
	await searched()
	assert.equal(at('siret').getAttribute('role'), null)
	assert.deepEqual([state(), says()], ['idle', 'Saisissez le SIRET : 14 chiffres.'])
	assert.equal(at('siret').getAttribute('aria-invalid'), null)
	type(window, 'siret', 'plomberie', false)
	await searched()
	assert.equal(calls.filter(path => path.startsWith('companies')).length, 1)
	window.close()
})

test('without a search a SIREN fills the form with the head office when the field is left', async () => {
	const { window, service } = await visit({})
	type(window, 'siret', '000001008')
	await settled()
	assert.deepEqual(service.asked, ['000001008'])
	window.close()
})

test('Enter never submits, whatever is typed', async () => {
	const { window, press } = await visit({})
	for (const text of ['', '123', 'nom', A]) {
		type(window, 'siret', text, false)
		assert.ok(press('Enter').defaultPrevented, text)
	}
	await searched()
	window.close()
})

test('too many searches are told with the wait', async () => {
	const { window, state, says } = await visit({
		companies: () => json({ status: 429, detail: 'Trop de recherches.', retryAfter: 9 }, 429),
	})
	type(window, 'siret', 'menuiserie', false)
	await searched()
	assert.deepEqual([state(), says()], ['error', 'Trop de recherches.'])
	assert.match(window.document.querySelector('.prefill-retry').textContent, /Réessayer dans \d s/)
	window.close()
})

test('a refusal with Retry-After is not asked again by leaving the field', async () => {
	const { window, calls, state } = await visit({
		prefill: () => json({ status: 503, detail: 'Panne.' }, 503, { 'Retry-After': '30' }),
	})
	type(window, 'siret', A)
	await settled()
	window.document.getElementById('siret').focus()
	window.document.getElementById('siret').blur()
	const before = calls.length
	type(window, 'siret', A)
	await settled()
	window.Prefill.attach('#form').retry()
	await settled()
	assert.equal(state(), 'error')
	assert.equal(calls.length, before)
	assert.match(window.document.querySelector('.prefill-retry').textContent, /dans (30|29) s/)
	window.close()
})

test('the notice is shown before the first call', async () => {
	const { window, calls } = await visit({
		notice: () => json({ version: '1', title: 'Information', text: ['Vos données.'], consent: false }),
	})
	type(window, 'siret', A)
	await settled()
	assert.equal(window.document.querySelector('.prefill-notice').textContent, 'InformationVos données.')
	assert.ok(calls.indexOf('notice') < calls.findIndex(path => path.startsWith('prefill')))
	window.close()
})

test('nothing is asked before consent, where it is wanted; then it is, and is not asked for twice', async () => {
	const { window, service, state, at } = await visit({
		notice: () => json({ version: '1', title: 'Information', text: [], consent: true }),
	})
	type(window, 'siret', A)
	await settled()
	assert.deepEqual([state(), service.asked], ['blocked', []])
	window.document.querySelector('.prefill-notice button').click()
	await service.answerAll()
	assert.equal(at('name').value, 'A name')
	type(window, 'siret', B)
	await service.answerAll()
	assert.equal(at('name').value, 'B name')
	window.close()
})

test('a notice that cannot be read is not taken for none', async () => {
	const { window, service, state } = await visit({ notice: () => json({ status: 500, detail: 'Panne.' }, 500) })
	type(window, 'siret', A)
	await settled()
	assert.deepEqual([state(), service.asked], ['error', []])
	window.close()
})

test('a listener that throws or cancels leaves no block busy', async () => {
	const { window, state } = await visit({ prefill: () => json({ status: 503, detail: 'Panne.' }, 503) })
	window.document.addEventListener('prefill:error', event => event.preventDefault())
	type(window, 'siret', A)
	await settled()
	assert.equal(state(), 'error')
	assert.equal(window.document.getElementById('form').getAttribute('aria-busy'), null)
	window.close()
})

const RNA = 'W000000350'
const NONE = () => json({ ...COMPANIES, companies: [] })

test('an association that no list has is asked by its RNA, which the input keeps bare', async () => {
	const { window, service, at, says } = await visit({ companies: NONE })
	type(window, 'siret', 'w000 000 350', false)
	await searched()
	await service.answerAll()
	assert.deepEqual([service.asked, at('siret').value], [[RNA], RNA])
	assert.match(says(), /^W000000350 : /)
	window.Prefill.attach('#form').undo()
	at('siret').blur()
	await searched()
	assert.deepEqual([service.asked, at('name').value], [[RNA], ''])
	window.close()
})

test('an RNA is asked at once where there is no search', async () => {
	const { window, service } = await visit({}, PAGE.replace('="f"', '="f" data-prefill-search="off"'))
	type(window, 'siret', RNA, false)
	await settled()
	assert.deepEqual(service.asked, [RNA])
	window.close()
	const other = await visit({})
	type(other.window, 'siret', RNA, false)
	await searched()
	assert.deepEqual(other.service.asked, [RNA])
	other.window.close()
})

test('an association of the list is chosen there', async () => {
	const { window, service, options } = await visit({ companies: () => json(COMPANIES) })
	type(window, 'siret', RNA, false)
	await searched()
	assert.deepEqual([service.asked, options().length], [[], 2])
	window.close()
})

test('the console tells all the names that the form does not have, and the others are asked', async () => {
	const problem = {
		status: 400,
		code: 'field_unknown',
		detail: 'x',
		unknownFields: [
			{ name: 'nane', suggestion: 'name' },
			{ name: 'zzz', suggestion: null },
		],
	}
	const body = PAGE.replace('</form>', '<input data-prefill-field="nane"><input data-prefill-field="zzz"></form>')
	const refuse = asked => /nane|zzz/.test(asked.get('fields')) && json(problem, 400)
	const { window, service, asked, at } = await visit({ prefill: refuse }, body)
	const told = []
	window.console.warn = sentence => told.push(sentence)
	type(window, 'siret', A)
	await service.answerAll()
	assert.deepEqual(told, [
		'prefill: the form has no field "nane": did you mean "name"?',
		'prefill: the form has no field "zzz"',
	])
	assert.equal(asked.at(-1).get('fields'), 'name')
	assert.equal(at('name').value, 'A name')
	window.close()
})
