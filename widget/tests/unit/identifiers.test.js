import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grouped, identify, isSiren, isSiret } from '../../src/identifiers.js'

for (const [text, kind, value, valid] of [
	['000 001 008 00010', 'siret', '00000100800010', true],
	[' SIRET : 000.001.008-00010\n', 'siret', '00000100800010', true],
	['00000100800011', 'siret', '00000100800011', false],
	['35600000049837', 'siret', '35600000049837', true],
	['35600000009076', 'siret', '35600000009076', false],
	['000 001 008', 'siren', '000001008', true],
	['FR 02 000 017 004', 'vat', 'FR02000017004', true],
	['FR03000017004', 'vat', 'FR03000017004', false],
	['W000000031', 'rna', 'W000000031', true],
	['W2A1234567', 'rna', 'W2A1234567', true],
	['FR02 000', 'partial', 'FR02000', false],
	['W0000', 'partial', 'W0000', false],
	['1234', 'partial', '1234', false],
	['Menuiserie du Val', 'name', 'Menuiserie du Val', true],
	['3 Suisses', 'name', '3 Suisses', true],
	['ab', 'name', 'ab', false],
	['  ', 'empty', '', false],
])
	test(`"${text.trim()}" is ${valid ? 'a valid' : 'an incomplete or false'} ${kind}`, () => {
		assert.deepEqual(identify(text), { kind, value, valid })
	})

test('a key that is not of digits cannot be checked, and is accepted', () => {
	assert.equal(identify('FRK7000017004').valid, true)
})

test('a SIREN and the SIRET of its head office share their first key', () => {
	assert.ok(isSiren('000001008') && isSiret('00000100800010'))
	assert.equal(grouped('00000100800010'), '000 001 008 00010')
	assert.equal(grouped('000001008'), '000 001 008')
})
