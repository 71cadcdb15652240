import assert from 'node:assert/strict'
import { test } from 'node:test'
import iso from 'i18n-iso-countries'
import { waysToWriteCountry } from '../../src/countries.js'
import { indexOfChoice, nearest } from '../../src/matching.js'

const labels = (...texts) => texts.map(label => ({ value: label, label }))
const values = (...texts) => texts.map(value => ({ value, label: '?' }))

test('every country of ISO 3166-1 is known by its two codes', () => {
	for (const [alpha2, alpha3] of Object.entries(iso.getAlpha2Codes()))
		if (alpha2 !== 'XK') assert.equal(waysToWriteCountry(alpha3)[0], alpha2, alpha3)
})

for (const [value, list, index] of [
	['FRA', values('BE', 'FR'), 1],
	['FRA', labels('Belgique', 'France'), 1],
	['DEU', labels('France', 'Germany'), 1],
	['DEU', labels('France', 'allemagne'), 1],
	['FRA', labels('Belgique', 'Suisse'), -1],
	['SAS, société par actions simplifiée', labels('SARL', 'SAS'), 1],
	['SAS, société par actions simplifiée', labels('SASU', 'Société par actions simplifiée'), 1],
	['5710', labels('SA', 'SAS'), 1],
	['Société à responsabilité limitée (sans autre indication)', labels('SAS', 'SARL'), 1],
	[true, labels('Non', 'Oui'), 1],
	[false, values('true', 'false'), 1],
	['PME', labels('pme', 'ETI'), 0],
	['10 à 19 salariés', labels('1 à 9 salariés', '10 à 19 salariés'), 1],
	[
		'1',
		[
			{ value: '2', label: '1' },
			{ value: '1', label: '2' },
		],
		1,
	],
])
	test(`${value} is choice ${index} of ${list.map(choice => `${choice.value}/${choice.label}`)}`, () => {
		assert.equal(indexOfChoice(list, value), index)
	})

test('a page adds its own synonyms', () => {
	assert.equal(indexOfChoice(labels('A', 'Région Bretagne'), 'BRE', [['BRE', 'Région Bretagne']]), 1)
})

test('a mistyped name has the nearest as a suggestion, and a strange one none', () => {
	assert.equal(nearest('cityname', ['name', 'cityName']), 'cityName')
	assert.equal(nearest('colour', ['name', 'vat']), '')
})
