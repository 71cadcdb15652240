/**
 * Every kit in every scenario, in one browser. Prints one line of JSON for each.
 * PREFILL_SITE: where the pages are; PREFILL_SERVICE: the service; PREFILL_BROWSER: chrome or firefox; PREFILL_ONLY:
 * a pattern of "kit scenario".
 */

import assert from 'node:assert/strict'
import puppeteer from 'puppeteer-core'
import { byName, SEARCHES } from './search.mjs'

const {
	PREFILL_SITE: site,
	PREFILL_SERVICE: service,
	PREFILL_BROWSER: browserName,
	PREFILL_EXECUTABLE: executablePath,
} = process.env
const only = new RegExp(process.env.PREFILL_ONLY || '')
const KITS = ['plain', 'dsfr', 'bootstrap', 'react', 'vue', 'angular', 'svelte', 'shoelace', 'jquery', 'rails']

/** Those whose look is not the kit's own business. */
const MARKUP = ['plain', 'dsfr', 'bootstrap']
const EXAMPLES = ['example-react', 'example-vue', 'example-svelte', 'example-angular']

const A = '00000100800010'
const B = '00000300400017'
const CLOSED = '00000800300014'
const SUCCESSOR = '00000800300022'
const SLOW = '00001700400011'
const PARTIAL = '00001300300017'
const BLOCKED = '00001500800014'
const ALL_DOWN = '00001400100010'
const NAME_A = 'MENUISERIE DU VAL DORE'
const NAME_B = 'LES ATELIERS DU TILLEUL'
/** Milliseconds that a page may take on a loaded machine. */
const PATIENCE = 20_000
let visits = 0

/** One form in one page. */
class Form {
	constructor(page, kit) {
		this.page = page
		this.kit = kit
	}

	/** @param {string} [url] A folder of the service other than its own. */
	async open(url = '') {
		const address = `${site}/${this.kit}.html?service=${encodeURIComponent(service)}${url && `&url=${encodeURIComponent(url)}`}`
		await this.page.goto(address)
		await this.attached()
	}

	attached() {
		return this.page.waitForSelector('[data-prefill-state]', { timeout: PATIENCE })
	}

	/** Go to a page of the form by itself: reload, or Back. @param {() => void} how */
	async leave(how) {
		await this.page.evaluate(() => (window.left = true))
		await this.page.evaluate(how).catch(() => {})
		const until = Date.now() + PATIENCE
		for (;;) {
			const there = () =>
				!window.left && !!document.querySelector('[data-prefill-state]') && document.readyState === 'complete'
			if (await this.page.evaluate(there).catch(() => false)) return
			assert.ok(Date.now() < until, 'the page does not come')
			await new Promise(resolve => setTimeout(resolve, 25))
		}
	}

	/** What is in the form, and what it knows. */
	read() {
		return this.page.evaluate(() => {
			const at = id => document.getElementById(id)
			const value = id => at(id)?.value
			return {
				siret: value('siret'),
				name: value('name'),
				city: value('city'),
				vat: value('vat'),
				rcs: value('rcs'),
				form: value('form'),
				ess: at('ess') ? value('ess') : at('ess-yes')?.checked ? 'oui' : at('ess-no')?.checked ? 'non' : '',
				name2: value('name2'),
				suggested: !!at('name')?.dataset.prefillSuggestion,
				state: at('application').dataset.prefillState ?? at('member-1').dataset.prefillState,
				says: document.querySelector('[role=status]').textContent,
				severity: document.querySelector('[role=status]').dataset.prefillSeverity,
				marks: Object.fromEntries(
					['name', 'city', 'vat', 'rcs'].map(id => [id, at(id) && { ...at(id).dataset }]),
				),
				model: window.model(),
			}
		})
	}

	/** Wait until the form is as wanted: keys of `read()` with their values, or patterns. */
	async becomes(wanted, patience = PATIENCE) {
		const until = Date.now() + patience
		for (;;) {
			const seen = await this.read()
			const wrong = Object.entries(wanted).filter(([key, value]) =>
				value instanceof RegExp ? !value.test(seen[key]) : seen[key] !== value,
			)
			if (!wrong.length) return seen
			if (Date.now() > until)
				assert.fail(
					`${wrong.map(([key, value]) => `${key}: wanted ${value}, is ${seen[key]}`).join('; ')} (${seen.state}: ${seen.says})`,
				)
			await new Promise(resolve => setTimeout(resolve, 25))
		}
	}

	focus(id) {
		return this.page.evaluate(id => document.getElementById(id).focus(), id)
	}

	/** Type as a person does: into the field, over what it has. */
	async type(id, text) {
		await this.focus(id)
		await this.page.keyboard.down('Control')
		await this.page.keyboard.press('a')
		await this.page.keyboard.up('Control')
		await this.page.keyboard.type(text)
	}

	async click(id) {
		await this.page.evaluate(id => document.getElementById(id).click(), id)
	}

	press(text) {
		return this.page.evaluate(text => {
			const button = [...document.querySelectorAll('button')].find(
				one => one.textContent.startsWith(text) && one.checkVisibility(),
			)
			if (!button) throw new Error(`no button "${text}"`)
			button.click()
		}, text)
	}

	/** Let the slow register of this visit answer, and its search. */
	release() {
		return fetch(`${service}/release/${this.visit}`)
	}

	async fill(number, id = 'siret') {
		await this.type(id, number)
	}

	/** Nothing of the first company may stand anywhere without a mark. */
	async holdsNothingOfA() {
		const { name, city, vat, rcs, marks } = await this.read()
		for (const [id, value] of Object.entries({ name, city, vat, rcs }))
			if ([NAME_A, 'RENNES', 'FR29000001008', '000 001 008 R.C.S. Rennes'].includes(value))
				assert.ok(marks[id].prefillForeign || marks[id].prefillSuggestion, `${id} still has ${value}`)
	}
}

const knows = (model, wanted) => {
	for (const [key, value] of Object.entries(wanted)) assert.equal(model[key], value, `the page's own state of ${key}`)
}

/** A page of the documentation does what it says. */
async function example(form) {
	await form.open()
	await form.page.evaluate(() => document.querySelector('[data-prefill-siret]').focus())
	await form.page.keyboard.type(A)
	await form.page.waitForFunction(
		name => document.querySelector('[data-prefill-field=name]').value === name,
		{ timeout: PATIENCE },
		NAME_A,
	)
}

/** What axe finds, and whether anything is cut off, in the page as it is. */
async function inspect(form, when) {
	const found = await form.page.evaluate(async () => {
		if (!window.axe)
			await new Promise(done =>
				document.head.append(Object.assign(document.createElement('script'), { src: '/axe.js', onload: done })),
			)
		const { violations } = await window.axe.run()
		return violations.map(({ id, nodes }) => `${id} ${nodes[0].html}`)
	})
	assert.deepEqual(found, [], `axe, ${when}`)
	const width = await form.page.evaluate(() => document.documentElement.scrollWidth)
	assert.ok(width <= 320, `${when}: ${width} px wide`)
}

const SCENARIOS = {
	async 'first fill'(form) {
		await form.open()
		const undo = await form.page.evaluate(() => document.querySelector('.prefill-undo').checkVisibility())
		assert.equal(undo, false, 'undo is shown before anything')
		await form.fill(A)
		const seen = await form.becomes({
			state: 'done',
			siret: A,
			name: NAME_A,
			city: 'RENNES',
			rcs: '000 001 008 R.C.S. Rennes',
			form: 'SAS',
			ess: 'non',
		})
		knows(seen.model, { name: NAME_A, city: 'RENNES', form: 'SAS', ess: 'non' })
		assert.deepEqual(seen.model.errors || [], [])
		assert.notEqual(seen.model.valid, false)
		// A style sheet that draws the label after the radio still finds it there.
		const drawn = await form.page.evaluate(() =>
			[...document.querySelectorAll('input[type=radio]')].every(
				radio =>
					radio.closest('label') ||
					(radio.nextElementSibling.matches('label') && radio.nextElementSibling.checkVisibility()),
			),
		)
		assert.ok(drawn, 'something stands between a radio and its label')
	},
	async 'second company'(form) {
		await form.open()
		await form.fill(A)
		await form.becomes({ state: 'done', name: NAME_A })
		await form.fill(B)
		const seen = await form.becomes({ state: 'done', siret: B, name: NAME_B, rcs: '', ess: 'oui' })
		knows(seen.model, { name: NAME_B, ess: 'oui' })
		await form.holdsNothingOfA()
	},
	async 'edited field'(form) {
		await form.open()
		await form.fill(A)
		await form.becomes({ state: 'done', name: NAME_A })
		await form.type('name', 'Mon nom')
		await form.fill(B)
		const seen = await form.becomes({ state: 'done', name: 'Mon nom', rcs: '', suggested: true })
		knows(seen.model, { name: 'Mon nom' })
		await form.press('Reprendre')
		await form.becomes({ name: NAME_B })
	},
	async 'reload and Back'(form) {
		await form.open()
		await form.fill(A)
		await form.becomes({ state: 'done', name: NAME_A })
		await form.leave(() => location.reload())
		await form.fill(B)
		await form.becomes({ state: 'done', name: NAME_B })
		await form.holdsNothingOfA()
		await form.page.goto(`${site}/other`)
		await form.leave(() => history.back())
		if (MARKUP.includes(form.kit)) await form.becomes({ siret: B, name: NAME_B, state: 'done' })
		await form.fill(CLOSED)
		const seen = await form.becomes({ state: /done|partial/, siret: CLOSED, name: /IMPRIMERIE/ })
		assert.ok(![NAME_A, NAME_B].includes(seen.name))
		await form.holdsNothingOfA()
	},
	async 'member added and removed'(form) {
		await form.open()
		await form.fill(A)
		await form.becomes({ state: 'done', name: NAME_A })
		await form.click('add')
		await form.page.waitForSelector('#siret2[aria-describedby]')
		await form.fill(B, 'siret2')
		await form.becomes({ name2: NAME_B, name: NAME_A })
		if (form.kit === 'rails') {
			const sent = await form.page.evaluate(() =>
				[...new FormData(document.getElementById('application'))]
					.filter(([name]) => /siret/.test(name))
					.map(([, value]) => value),
			)
			assert.deepEqual(sent, [A, B])
		}
		await form.click('remove')
		await form.becomes({ name2: undefined, name: NAME_A })
		await form.click('add')
		await form.becomes({ name2: '', name: NAME_A })
		await form.fill(CLOSED)
		await form.becomes({ name: /IMPRIMERIE/, name2: '' })
	},
	async 'wizard steps'(form) {
		await form.open()
		await form.fill(A)
		await form.becomes({ state: 'done', name: NAME_A })
		await form.click('next')
		await form.becomes({ name: undefined })
		const notes = await form.page.evaluate(
			() =>
				[...document.querySelectorAll('.prefill-note')].filter(note => /name|city/.test(note.textContent))
					.length,
		)
		assert.equal(notes, 0)
		await form.click('back')
		const seen = await form.becomes({ name: NAME_A, city: 'RENNES' })
		assert.ok(seen.state === 'done')
		await form.click('next')
		await form.becomes({ name: undefined })
		await form.fill(B)
		await form.becomes({ state: 'done', rcs: '' })
		await form.click('back')
		const after = await form.becomes({ name: NAME_B })
		knows(after.model, { name: NAME_B })
		await form.holdsNothingOfA()
	},
	async 'undo and redo'(form) {
		await form.open()
		await form.type('city', 'Ma commune')
		await form.fill(A)
		await form.becomes({ state: 'done', name: NAME_A, city: 'Ma commune' })
		await form.press('Annuler le préremplissage')
		const seen = await form.becomes({ name: '', vat: '', city: 'Ma commune', state: 'idle' })
		knows(seen.model, { name: '', city: 'Ma commune' })
		await form.press('Rétablir')
		const again = await form.becomes({ name: NAME_A, city: 'Ma commune', state: 'done' })
		knows(again.model, { name: NAME_A })
	},
	async 'outage and retry'(form) {
		await form.open(`${service}/flaky/${form.visit}/v1/`)
		const asked = []
		form.page.on('request', request => /prefill\/\d/.test(request.url()) && asked.push(request.url()))
		// The page itself presses the button as soon as it may: the script asks again by itself three seconds later.
		await form.page.evaluate(() => {
			window.seen = []
			new MutationObserver(() => {
				const retry = document.querySelector('.prefill-retry')
				if (!retry || window.seen.at(-1)?.disabled === 'false') return
				const { prefillSeverity: severity } = document.querySelector('[role=status]').dataset
				const disabled = retry.getAttribute('aria-disabled')
				window.seen.push({ severity, disabled })
				if (disabled === 'false') retry.click()
			}).observe(document, { attributes: true, childList: true, subtree: true })
		})
		await form.fill(A)
		await form.focus('vat')
		await form.becomes({ state: 'done', name: NAME_A })
		const seen = await form.page.evaluate(() => window.seen)
		// Not sooner than the service said, and leaving the number asks nothing.
		assert.deepEqual([seen[0]?.disabled, seen.at(-1)?.disabled], ['true', 'false'])
		assert.equal(seen[0].severity, 'error')
		assert.equal(asked.length, 2, 'one refusal, one retry')
		await form.fill(ALL_DOWN)
		await form.becomes({ state: 'error', name: '', says: /registres ne répondent pas/ })
	},
	async 'closed with successor'(form) {
		await form.open()
		await form.fill(CLOSED)
		await form.becomes({ state: 'done', severity: 'warning', says: /fermé depuis le 31\/12\/2023/ })
		await form.press('Utiliser le successeur')
		await form.becomes({ siret: SUCCESSOR, state: /done|partial|error/ })
	},
	async 'slow register'(form) {
		await form.open(`${service}/held/${form.visit}/v1/`)
		await form.fill(SLOW)
		const seen = await form.becomes({ name: 'ROULAGE PERCHERON', state: 'filling' })
		assert.equal(seen.rcs, '')
		await form.release()
		await form.becomes({ state: 'done', rcs: /R\.C\.S\./ })
	},
	async 'axe at 320 pixels'(form) {
		if (!MARKUP.includes(form.kit)) return
		await form.page.setViewport({ width: 320, height: 800 })
		await form.open()
		await inspect(form, 'idle')
		await form.type('city', 'Ma commune')
		await form.fill(A)
		await form.becomes({ state: 'done' })
		await form.page.evaluate(() => (document.querySelector('.prefill-summary').open = true))
		await inspect(form, 'done')
		await form.fill('00000100800011')
		await form.becomes({ state: 'error' })
		await inspect(form, 'error')
		await form.fill('000001')
		await form.focus('rcs')
		await form.becomes({ state: /stale|error/ })
		await inspect(form, 'stale')
		await form.fill(CLOSED)
		await form.becomes({ state: 'done', severity: 'warning' })
		await inspect(form, 'closed')
		await form.fill(PARTIAL)
		await form.becomes({ state: 'partial' })
		await inspect(form, 'partial')
		await form.fill(BLOCKED)
		await form.becomes({ state: 'blocked' })
		await inspect(form, 'blocked')
		await form.type('siret', 'rennes')
		await form.becomes({ state: 'choosing' })
		await form.page.keyboard.press('ArrowDown')
		await inspect(form, 'choosing')
		await form.open(`${service}/held/${form.visit}/v1/`)
		await form.fill(SLOW)
		await form.becomes({ state: 'filling' })
		await inspect(form, 'filling')
		await form.release()
	},
	async 'focus during fill'(form) {
		await form.open(`${service}/held/${form.visit}/v1/`)
		await form.fill(SLOW)
		await form.becomes({ name: 'ROULAGE PERCHERON', state: 'filling' })
		await form.focus('rcs')
		await form.release()
		await form.becomes({ state: 'done', rcs: '' })
		await form.focus('vat')
		await form.becomes({ rcs: /R\.C\.S\./ })
		await form.type('name', 'Mon nom')
		await form.focus('vat')
		await form.becomes({ name: 'Mon nom', suggested: true })
	},
}

/** The search is the same script in each kit: what its list does is seen in one. @param {string} kit */
const scenariosOf = kit =>
	KITS.includes(kit) ? { ...SCENARIOS, 'company by name': byName, ...(kit === 'plain' && SEARCHES) } : { example }

const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
]
const browser = await puppeteer.launch({
	browser: browserName,
	executablePath,
	headless: true,
	args: browserName === 'chrome' ? flags : [],
})
try {
	for (const kit of [...KITS, ...EXAMPLES])
		for (const [scenario, run] of Object.entries(scenariosOf(kit))) {
			if (!only.test(`${kit} ${scenario}`)) continue
			const page = await browser.newPage()
			const errors = []
			page.on('pageerror', error => errors.push(`${error.message}`))
			const form = new Form(page, kit)
			form.service = service
			form.visit = `${browserName}-${process.pid}-${++visits}`
			const from = Date.now()
			let error = ''
			try {
				await run(form)
				assert.deepEqual(errors, [], 'errors of scripts')
			} catch (fault) {
				error = fault.message
			}
			console.log(JSON.stringify({ kit, scenario, error, milliseconds: Date.now() - from }))
			await page.close()
		}
} finally {
	await browser.close()
}
