"""Judges texts that were written for schemas: guided-texts.py FILE

Each row of FILE has `schema`, `text` and `reason`; those with the reason "stop" are judged, formats not
among it, for many are annotations only. Numbers are decimals: in binary 154.98 is no multiple of 0.01.
Exit code 1 when one is invalid or could not be judged."""

import decimal
import json
import sys
from decimal import Decimal

import jsonschema

# 28 digits, which is what it counts in, are too few to divide 4.48e+29 by 0.01.
decimal.getcontext().prec = 5_000

judged = wrong = unreadable = 0
with open(sys.argv[1], encoding="utf-8") as rows:
    for line in rows:
        row = json.loads(line, parse_float=Decimal)
        if row["reason"] != "stop":
            continue
        schema = row["schema"]
        kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        try:
            errors = list(kind(schema).iter_errors(json.loads(row["text"], parse_float=Decimal)))
        except ValueError as problem:
            errors = [problem]
        except Exception as problem:  # Its own bugs, and schemas that it does not read.
            unreadable += 1
            print("not judged", row["number"], type(problem).__name__, problem)
            continue
        judged += 1
        if errors:
            wrong += 1
            print("WRONG", row["number"], row["text"], str(errors[0])[:2000])
print(f"jsonschema: {judged} texts judged, {wrong} wrong, {unreadable} not judged")
sys.exit(1 if wrong or unreadable else 0)
