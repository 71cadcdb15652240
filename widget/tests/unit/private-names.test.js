/**
 * The build shortens the names of private-names.json wherever they stand: none may be a name of the browser, of what
 * the page gives or reads, or of the service's JSON. The types of the sources say what a name belongs to.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const privateNames = new Set(JSON.parse(readFileSync(here('../../private-names.json'), 'utf8')))
/** Types whose members pages, the service or the history entry name. */
const PUBLIC = ['Options', 'Handle', 'Request', 'Info', 'SavedBlock', 'NoticeText', 'TrustedTypes']

/** @param {string[]} files What a rule of the names is broken by, as `file:line name: why`. */
function misnamed(files) {
	const { config } = ts.readConfigFile(here('../../tsconfig.json'), ts.sys.readFile)
	const { options } = ts.parseJsonConfigFileContent(config, ts.sys, here('../..'))
	const program = ts.createProgram(files, options)
	const checker = program.getTypeChecker()
	const found = []

	/** The type whose member a declaration is. */
	const ownerOf = declaration => {
		for (let node = declaration.parent; node; node = node.parent)
			if (ts.isJSDocTypedefTag(node) || ts.isTypeAliasDeclaration(node)) return node.name?.getText()
	}
	/** @param {ts.Type} type */
	const whose = (type, name) => {
		if (type.flags & ts.TypeFlags.Any) return 'of something whose type is not known'
		const types = type.isUnion() ? type.types : [type]
		const members = types.map(one => checker.getPropertyOfType(one, name)).filter(Boolean)
		if (!members.length && types.some(one => one.getStringIndexType())) return 'of a table or of JSON'
		const declarations = members.flatMap(member => member.declarations || [])
		if (declarations.some(one => program.isSourceFileDefaultLibrary(one.getSourceFile()))) return 'of the browser'
		const owner = declarations.map(ownerOf).find(one => PUBLIC.includes(one))
		return owner && `of ${owner}`
	}
	const look = (node, name, type) => {
		if (!privateNames.has(name)) return
		const reason = typeof type === 'string' ? type : whose(type, name)
		const file = node.getSourceFile()
		const { line } = file.getLineAndCharacterOfPosition(node.getStart())
		if (reason) found.push(`${basename(file.fileName)}:${line + 1} ${name}: ${reason}`)
	}
	/** What an object literal becomes: an event's detail is read by the page. */
	const wantedAs = node => {
		const { expression, arguments: given } = node.parent
		const callee = ts.isCallExpression(node.parent) ? expression.getText() : ''
		if (/\bemit$/.test(callee) && given[1] === node) return 'of the detail of an event'
		if (callee === 'Object.assign') return checker.getTypeAtLocation(given[0])
		return checker.getContextualType(node)
	}
	const visit = node => {
		if (ts.isPropertyAccessExpression(node)) look(node, node.name.text, checker.getTypeAtLocation(node.expression))
		else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent))
			look(node, (node.propertyName || node.name).getText(), checker.getTypeAtLocation(node.parent))
		else if (ts.isObjectLiteralExpression(node)) {
			const wanted = wantedAs(node)
			if (wanted) for (const property of node.properties) look(property, property.name?.text, wanted)
		}
		ts.forEachChild(node, visit)
	}
	for (const file of files) visit(program.getSourceFile(file))
	return found
}

test('no name that the build shortens is one of the browser, the page, the service or the history entry', () => {
	const sources = ts.sys.readDirectory(here('../../src'), ['.js'])

	assert.deepEqual(misnamed(sources), [])
})

test('each way of using such a name is seen', () => {
	const found = misnamed([here('misnamed.js')]).map(line => line.replace(/^\S+ /, ''))

	assert.deepEqual(found, [
		'elements: of the browser',
		'elements: of the browser',
		'counts: of the detail of an event',
		'kind: of the browser',
		'company: of a table or of JSON',
		'note: of something whose type is not known',
		'kind: of the browser',
	])
})
