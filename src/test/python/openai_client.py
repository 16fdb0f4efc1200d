"""Asks a server the documented questions with the openai client. Usage: openai_client.py URL"""

import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="null", max_retries=0, timeout=300)
CHINESE = "水调歌头·明月几时有，把酒问青天。不知天上宫阙"


def check(holds, what):
    if not holds:
        sys.exit("not so: " + what)


def chat_stream(**more):
    return client.chat.completions.create(
        model="null",
        messages=[
            {"role": "system", "content": "I'm a helpful AI assistant."},
            {"role": "user", "content": "Write a sentence about the moon."},
        ],
        temperature=0,
        max_tokens=24,
        **more,
    )


models = [model.id for model in client.models.list()]
check(len(models) == 1, "one model")
check(client.models.retrieve(models[0]).id == models[0], "the model is found by its name")

deltas = [chunk.choices[0].delta for chunk in chat_stream(stream=True)]
check(all(isinstance(delta.content, str) for delta in deltas), "every delta has content")
check(deltas[0].role == "assistant", "the role comes first")
streamed = "".join(delta.content for delta in deltas)
whole = chat_stream(stream=False)
check(streamed == whole.choices[0].message.content, "a stream says what a whole answer says")
check(whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens, "sum")

chunks = list(chat_stream(stream=True, stream_options={"include_usage": True}))
check(chunks[-1].choices == [] and chunks[-1].usage == whole.usage, "usage comes last")

with client.chat.completions.stream(
    model="null", messages=[{"role": "user", "content": "Hello!"}], max_tokens=8, temperature=0
) as helper:
    told = "".join(event.delta for event in helper if event.type == "content.delta")
    check(helper.current_completion_snapshot.choices[0].message.content == told, "the helper")

first = client.completions.create(
    model="default", prompt=CHINESE, stream=False, max_tokens=8, temperature=0
)
check(isinstance(first.choices[0].text, str), "a completion has text")
pieces = client.completions.create(
    model="default", prompt=CHINESE, stream=True, max_tokens=8, temperature=0
)
check("".join(p.choices[0].text for p in pieces) == first.choices[0].text, "streamed completion")

extra = {"chat_template_kwargs": {"enable_thinking": True}, "include_stop_str_in_output": True}
check(chat_stream(extra_body=extra).choices[0].finish_reason in ("stop", "length"), "extra fields")
check(
    client.completions.create(model="default", prompt="Hi", max_tokens=4, extra_body=extra).choices,
    "extra fields of a completion",
)

try:
    chat_stream(top_p=1.5)
    sys.exit("not so: a wrong value is refused")
except openai.BadRequestError as e:
    check((e.param, e.code, e.type) == ("top_p", "invalid_value", "invalid_request_error"), str(e))
try:
    client.models.retrieve("nobody")
    sys.exit("not so: an unknown model is not found")
except openai.NotFoundError as e:
    check(e.code == "model_not_support", str(e))

endless = client.chat.completions.create(
    model="null", messages=[{"role": "user", "content": "Count!"}], stream=True
)
for _, _ in zip(range(3), endless):
    pass
endless.close()
print("openai", openai.__version__, "is content")
