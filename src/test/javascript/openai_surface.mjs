// Uses the wider request surface with the openai client. Usage: openai_surface.mjs URL FORCED,
// where FORCED are ids (JSON) that spell thinking and a call of get_weather.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({baseURL: process.argv[2] + '/v1', apiKey: 'null', maxRetries: 0});
const messages = [{role: 'user', content: 'What is the weather in Paris?'}];
const parameters = {type: 'object', properties: {city: {type: 'string'}}};
const question = {
    model: 'default',
    messages,
    temperature: 0,
    max_tokens: 100,
    tools: [{type: 'function', function: {name: 'get_weather', parameters}}],
    logits_processors_args: {forced_token_ids: JSON.parse(process.argv[3])},
};

const called = (await client.chat.completions.create(question)).choices[0];
assert.equal(called.finish_reason, 'tool_calls');
assert.equal(called.message.tool_calls[0].function.name, 'get_weather');
assert.deepEqual(JSON.parse(called.message.tool_calls[0].function.arguments), {city: 'Paris'});

let args = '';
for await (const chunk of await client.chat.completions.create({...question, stream: true})) {
    for (const call of chunk.choices[0].delta.tool_calls ?? []) {
        args += call.function.arguments ?? '';
    }
}
assert.equal(args, called.message.tool_calls[0].function.arguments);

const helper = client.chat.completions.stream(question);
assert.equal((await helper.finalChatCompletion()).choices[0].message.tool_calls.length, 1);

const two = await client.chat.completions.create(
    {model: 'default', messages, n: 2, seed: 5, max_tokens: 8, logprobs: true, top_logprobs: 2});
assert.deepEqual(two.choices.map((choice) => choice.index), [0, 1]);
assert.ok(two.choices.every((c) => c.logprobs.content.every((e) => e.top_logprobs.length === 2)));

const scored = (await client.completions.create(
    {model: 'default', prompt: 'The sky is blue', echo: true, logprobs: 2, max_tokens: 1})).choices[0];
assert.ok(scored.text.startsWith('The sky is blue'));
assert.equal(scored.logprobs.token_logprobs[0], null);
console.log('openai for JavaScript uses it all');
