<?php
// Call it with $_POST and show the form again with what it returns; `prefilled` is a hidden input, `message` is shown.
function prefill(array $form): array {
    foreach (json_decode($form['prefilled'] ?? '', true) ?? [] as $name => $value)
        if (($form[$name] ?? '') === $value) $form[$name] = '';
    $url = 'https://prefill.exemple.fr/v1/prefill/' . rawurlencode($form['siret']) . '?fields=name,cityName';
    $context = stream_context_create(['http' => ['timeout' => 12, 'ignore_errors' => true]]);
    $answer = json_decode(@file_get_contents($url, false, $context) ?: '{}', true);
    $written = [];
    foreach ($answer['aliases'] ?? [] as $name => $pointer) {
        $value = $answer['data'];
        foreach (array_slice(explode('/', $pointer), 1) as $key) $value = is_array($value) ? $value[$key] ?? null : null;
        if (is_scalar($value) && ($form[$name] ?? '') === '') $form[$name] = $written[$name] = (string) $value;
    }
    return ['prefilled' => json_encode((object) $written), 'message' => $answer['detail'] ?? ''] + $form;
}
