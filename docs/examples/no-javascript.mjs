// Call it with the fields posted and show the form again with what it returns; `prefilled` is a hidden input.
export async function prefill(posted) {
  const kept = JSON.parse(posted.prefilled || '{}')
  const form = Object.fromEntries(Object.entries(posted).map(([name, value]) => [name, value === kept[name] ? '' : value]))
  const url = `https://prefill.exemple.fr/v1/prefill/${encodeURIComponent(form.siret)}?fields=name,cityName`
  const answer = await fetch(url, { signal: AbortSignal.timeout(12000) }).then(reply => reply.json()).catch(() => ({}))
  const written = {}
  for (const [name, pointer] of Object.entries(answer.aliases ?? {})) {
    const value = pointer.split('/').slice(1).reduce((part, key) => part?.[key], answer.data)
    if (value !== undefined && !form[name]) written[name] = value
  }
  return { ...form, ...written, prefilled: JSON.stringify(written), message: answer.detail ?? '' }
}
