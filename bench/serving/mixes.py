"""What is asked: seeded conversations, the same ones for each server."""
import math, random, time

WORDS = ("river stone light garden winter table music paper window story market silver forest letter "
         "bridge summer copper harbor engine valley mirror candle ocean thunder meadow").split()
# Makes the texts of this run new to servers that saw an earlier one; nothing else depends on it.
RUN = time.time_ns() // 1000 % 10**9
# Chats: medians, spreads (standard deviation of the logarithm) and bounds of the lengths in tokens, turns, and the
# system prompt that all share. A conversation of four longest turns stays below 1,600 tokens, its templates included.
CHAT_QUESTION = (30, 0.9, 8, 128)
CHAT_ANSWER = (60, 0.7, 16, 160)
CHAT_TURNS = (1, 2, 3, 4)
CHAT_SYSTEM = 300


class Conversation:
    """What one user asks, turn by turn: pairs of a text and the number of tokens of its answer."""

    def __init__(self, turns, sampling, system=None):
        self.turns = turns
        self.sampling = sampling
        self.asked = 0
        self.messages = [{"role": "system", "content": system}] if system else None

    def next(self, answer):
        """Path and body of the next request, or None. `answer` is what the last one brought."""
        if self.asked == len(self.turns):
            return None
        text, output = self.turns[self.asked]
        self.asked += 1
        common = {"max_tokens": output, **self.sampling, "ignore_eos": True, "stream": True,
                  "stream_options": {"include_usage": True}}
        if self.messages is None:
            return "/v1/completions", {"prompt": text, **common}
        if self.asked > 1:
            self.messages.append({"role": "assistant", "content": answer})
        self.messages.append({"role": "user", "content": text})
        return "/v1/chat/completions", {"messages": self.messages, **common}


def sampling(args):
    """The parameters of sampling of each request."""
    return {"temperature": args.temperature, "top_p": args.top_p} if args.temperature > 0 else {"temperature": 0}


def words(draw, number):
    """About one token a word for the vocabularies of English models."""
    return " ".join(draw.choice(WORDS) for _ in range(max(1, number)))


def log_normal(draw, median, spread, low, high):
    return int(min(high, max(low, draw.lognormvariate(math.log(median), spread))))


def fixed(seed, tokens, output, sampling):
    """One question, which begins with a number of its own so that no cache of prompts knows it."""
    return Conversation([(f"{RUN}-{seed}: " + words(random.Random(seed), tokens - 17), output)], sampling)


def chat(seed, number, sampling):
    """`number` turns behind the system prompt."""
    draw = random.Random(seed)
    turns = [(words(draw, log_normal(draw, *CHAT_QUESTION)), log_normal(draw, *CHAT_ANSWER))
             for _ in range(number)]
    return Conversation(turns, sampling, f"Of {RUN}: you help with " + words(random.Random(1), CHAT_SYSTEM - 14))


def conversations(mix, number, seed, tokens, output, sampling):
    """`number` conversations that no other seed has, all with the same parameters of sampling."""
    seeds = range(seed * 10000, seed * 10000 + number)
    if mix == "chat":
        return [chat(s, CHAT_TURNS[s % len(CHAT_TURNS)], sampling) for s in seeds]
    return [fixed(s, tokens, output, sampling) for s in seeds]
