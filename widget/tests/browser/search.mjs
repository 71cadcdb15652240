/** The company by its name: scenarios of the combobox, with the real search of the sandbox. */

import assert from 'node:assert/strict'

const MENUISERIE = { number: '00000100800010', name: 'MENUISERIE DU VAL DORE' }

/** The texts of the list, as soon as it is open. */
async function options(form) {
	await form.becomes({ state: 'choosing' })
	return form.page.evaluate(() => [...document.querySelectorAll('.prefill-option')].map(one => one.textContent))
}

/** Choose with the keyboard. @param {number} rank From 0. */
async function choose(form, rank = 0) {
	for (let presses = 0; presses <= rank; presses++) await form.page.keyboard.press('ArrowDown')
	await form.page.keyboard.press('Enter')
}

/** A name, arrow, Enter, form filled. */
export async function byName(form) {
	await form.open()
	await form.type('siret', 'menuiserie')
	assert.equal((await options(form)).length, 1)
	await choose(form)
	const seen = await form.becomes({ state: 'done', siret: MENUISERIE.number, name: MENUISERIE.name, city: 'RENNES' })
	assert.equal(seen.model.name, MENUISERIE.name)
}

export const SEARCHES = {
	async 'unfinished word'(form) {
		await form.open(`${form.service}/fresh/${form.visit}/v1/`)
		await form.type('siret', 'menuis')
		await form.becomes({ state: 'idle', says: /Aucun résultat pour l’instant : écrivez le mot en entier/ })
		await form.page.keyboard.type('erie')
		assert.match((await options(form))[0], /^MENUISERIE DU VAL DORE/)
		await choose(form)
		await form.becomes({ state: 'done', name: MENUISERIE.name })
	},
	async 'company of sixty establishments'(form) {
		await form.open(`${form.service}/fresh/${form.visit}/v1/`)
		await form.type('siret', 'comptoirs estuaire')
		assert.equal((await options(form)).length, 1)
		await choose(form)
		const seen = await form.becomes({ state: 'choosing', siret: '000030007', says: /^60 résultats/ })
		assert.match(seen.says, /ajoutez la commune après le SIREN/)
		const [first, ...others] = await options(form)
		assert.match(first, /siège/)
		assert.equal(others.filter(text => /fermé/.test(text)).length, 10)
		await form.page.keyboard.type(' brest')
		await form.becomes({ says: /^6 résultats/ })
		const places = await options(form)
		assert.ok(places.every(text => /29200 BREST/.test(text)))
		await choose(form, 2)
		const { siret } = await form.becomes({ state: 'done', name: 'COMPTOIRS DU GRAND ESTUAIRE', city: 'BREST' })
		assert.equal(places[2].replace(/ /g, '').includes(siret), true)
	},
	async homonym(form) {
		await form.open(`${form.service}/fresh/${form.visit}/v1/`)
		await form.type('siret', 'compagnons du halage')
		const found = await options(form)
		assert.equal(found.length, 3)
		assert.ok(found.every(text => text.startsWith('LES COMPAGNONS DU HALAGE · ')))
		assert.deepEqual(
			found.filter(text => /fermé/.test(text)).map(text => /LILLE/.test(text)),
			[true],
		)
		await choose(
			form,
			found.findIndex(text => /CHAMBERY/.test(text)),
		)
		await form.becomes({ state: 'done', siret: '00003200300014', city: 'CHAMBERY' })
	},
	async 'quota spent'(form) {
		const { service, visit } = form
		await form.open(`${service}/spent/${visit}/v1/`)
		try {
			await form.type('siret', 'menuiserie')
			await form.becomes({ state: 'error', severity: 'warning', says: /^Trop de recherches en ce moment/ })
			const waits = await form.page.evaluate(() => document.querySelector('.prefill-retry').ariaDisabled)
			assert.equal(waits, 'true')
		} finally {
			await form.release()
		}
		// Nobody presses anything: it goes on by itself.
		assert.equal((await options(form)).length, 1)
		await choose(form)
		await form.becomes({ state: 'done', name: MENUISERIE.name })
	},
}
