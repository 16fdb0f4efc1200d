"""Asks for text of a certain form with the openai client.
Usage: openai_guided.py URL"""

import json
import re
import sys
from enum import Enum
from typing import Annotated, List

import openai
from pydantic import BaseModel, Field

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="null", max_retries=0, timeout=300)
messages = [{"role": "user", "content": "Describe a small city in France as JSON."}]


class Size(str, Enum):
    small = "small"
    large = "large"


# Without "forbid" a schema is open, and a small model adds keys without end.
class Street(BaseModel, extra="forbid"):
    name: Annotated[str, Field(max_length=12)]
    houses: Annotated[int, Field(ge=1, le=99)]


class City(BaseModel, extra="forbid"):
    name: Annotated[str, Field(max_length=16)]
    size: Size
    streets: Annotated[List[Street], Field(min_length=1, max_length=2)]


def check(holds, what):
    if not holds:
        sys.exit("not so: " + what)


def chat(**more):
    return client.chat.completions.create(
        model="default", messages=messages, **{"temperature": 0, "max_tokens": 300, **more}
    ).choices[0]


parsed = client.chat.completions.parse(
    model="default", messages=messages, temperature=0, max_tokens=300, response_format=City
).choices[0]
check(parsed.finish_reason == "stop", "it ends by itself")
check(isinstance(parsed.message.parsed, City), "the answer is of the class")

guided = chat(temperature=1, seed=3, extra_body={"guided_json": City.model_json_schema()})
check(guided.finish_reason == "stop", "so does this one")
City.model_validate_json(guided.message.content)

with client.chat.completions.stream(
    model="default", messages=messages, temperature=0, max_tokens=300, response_format=City
) as stream:
    final = stream.get_final_completion().choices[0]
check(final.message.parsed == parsed.message.parsed, "a stream says the same")

text = chat(extra_body={"guided_regex": r"\d{4}-\d{2}-\d{2}"}).message.content
check(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text), "a date is one: " + text)

chosen = client.completions.create(
    model="default", prompt="The sky is", max_tokens=8, extra_body={"guided_choice": ["blue", "red"]}
).choices[0]
check(chosen.text in ("blue", "red") and chosen.finish_reason == "stop", "a choice is one")

anything = chat(response_format={"type": "json_object"})
check(
    anything.finish_reason == "length" or isinstance(json.loads(anything.message.content), dict),
    "an object is one",
)

try:
    chat(extra_body={"guided_regex": "(?=a)"})
    sys.exit("a pattern with a look-ahead was taken")
except openai.BadRequestError as refusal:
    check(refusal.param == "guided_regex", "the field is named")
print("openai", openai.__version__, "gets what it asks for")
