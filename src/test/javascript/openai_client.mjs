// Asks a server the documented questions with the openai client. Usage: openai_client.mjs URL
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({baseURL: process.argv[2] + '/v1', apiKey: 'null', maxRetries: 0});
const messages = [
    {role: 'system', content: "I'm a helpful AI assistant."},
    {role: 'user', content: 'Write a sentence about the moon.'},
];
const question = {model: 'null', messages, temperature: 0, max_tokens: 24};

const models = (await client.models.list()).data;
assert.equal(models.length, 1);
assert.equal((await client.models.retrieve(models[0].id)).id, models[0].id);

const whole = await client.chat.completions.create(question);
let streamed = '';
for await (const chunk of await client.chat.completions.create({...question, stream: true})) {
    assert.equal(typeof chunk.choices[0].delta.content, 'string');
    streamed += chunk.choices[0].delta.content;
}
assert.equal(streamed, whole.choices[0].message.content);

const chunks = [];
const withUsage = {...question, stream: true, stream_options: {include_usage: true}};
for await (const chunk of await client.chat.completions.create(withUsage)) {
    chunks.push(chunk);
}
assert.deepEqual(chunks.at(-1).choices, []);
// The question was asked before: its first blocks are found in the cache.
const {prompt_tokens_details: found, ...usage} = chunks.at(-1).usage;
const {prompt_tokens_details: details, ...counts} = whole.usage;
assert.deepEqual(usage, counts);
assert.ok(found.cached_tokens <= usage.prompt_tokens - 1 && found.cached_tokens % 64 === 0);
assert.deepEqual({...found, cached_tokens: 0}, {...details, cached_tokens: 0});

const helper = client.chat.completions.stream(question);
assert.equal((await helper.finalChatCompletion()).choices[0].message.content, streamed);

const prompt = '水调歌头·明月几时有，把酒问青天。不知天上宫阙';
const completion = {model: 'default', prompt, max_tokens: 8, temperature: 0};
const text = (await client.completions.create(completion)).choices[0].text;
let pieces = '';
for await (const chunk of await client.completions.create({...completion, stream: true})) {
    pieces += chunk.choices[0].text;
}
assert.equal(pieces, text);

await assert.rejects(client.chat.completions.create({...question, top_p: 1.5}), (e) => {
    assert.ok(e instanceof OpenAI.BadRequestError);
    assert.deepEqual([e.param, e.code, e.type], ['top_p', 'invalid_value', 'invalid_request_error']);
    return true;
});
await assert.rejects(client.models.retrieve('nobody'), OpenAI.NotFoundError);

const endless = await client.chat.completions.create({model: 'null', messages, stream: true});
let seen = 0;
for await (const _ of endless) {
    if (++seen === 3) {
        break;
    }
}
console.log('openai for JavaScript is content');
