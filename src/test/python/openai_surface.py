"""Uses the wider request surface with the openai client.
Usage: openai_surface.py URL FORCED, where FORCED are ids (JSON) that spell thinking and a call of get_weather."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="null", max_retries=0, timeout=300)
forced = {"logits_processors_args": {"forced_token_ids": json.loads(sys.argv[2])}}
messages = [{"role": "user", "content": "What is the weather in Paris?"}]
tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def check(holds, what):
    if not holds:
        sys.exit("not so: " + what)


def chat(**more):
    return client.chat.completions.create(
        model="default", messages=messages, **{"temperature": 0, "max_tokens": 100, **more}
    )


called = chat(tools=tools, extra_body=forced).choices[0]
check(called.finish_reason == "tool_calls", "a call ends as one")
function = called.message.tool_calls[0].function
check(function.name == "get_weather", "the function has its name")
check(json.loads(function.arguments) == {"city": "Paris"}, "and its arguments")
check(called.message.reasoning_content, "the thinking is told apart")

name, arguments = "", ""
for chunk in chat(tools=tools, extra_body=forced, stream=True):
    for call in chunk.choices[0].delta.tool_calls or []:
        name += call.function.name or ""
        arguments += call.function.arguments or ""
check((name, arguments) == (function.name, function.arguments), "a streamed call is the same")

with client.chat.completions.stream(
    model="default", messages=messages, tools=tools, max_tokens=100, extra_body=forced
) as helper:
    final = helper.get_final_completion().choices[0]
check(final.message.tool_calls[0].function.arguments == arguments, "the helper says so, too")

answer = messages + [
    called.message.model_dump(exclude_none=True),
    {"role": "tool", "tool_call_id": called.message.tool_calls[0].id, "content": "sunny"},
]
check(
    client.chat.completions.create(model="default", messages=answer, tools=tools, max_tokens=4),
    "the result of a call is taken",
)

two = chat(n=2, temperature=1, seed=5, max_tokens=8, logprobs=True, top_logprobs=2)
check([c.index for c in two.choices] == [0, 1], "two choices")
check(all(len(e.top_logprobs) == 2 for c in two.choices for e in c.logprobs.content), "logprobs")

scored = client.completions.create(
    model="default", prompt="The sky is blue", echo=True, logprobs=2, max_tokens=1, temperature=0
).choices[0]
check(scored.text.startswith("The sky is blue"), "the echo")
check(scored.logprobs.token_logprobs[0] is None, "the first token has no probability")
check(len(scored.logprobs.tokens) == len(scored.logprobs.text_offset), "an offset for each")

silent = {"chat_template_kwargs": {"enable_thinking": False}}
biased = chat(logit_bias={"28": 100}, max_tokens=3, extra_body=silent).choices[0].message.content
check(len(set(biased)) == 1, "a bias wins")
print("openai", openai.__version__, "uses it all")
