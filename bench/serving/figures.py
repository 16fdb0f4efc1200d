"""What answers amount to, and the table."""
import collections, json, statistics

PERCENTS = (50, 95, 99)
TIMES = [(f"{kind}_p{p}_ms", f"{title} p{p}", width, form) for kind, title, width, form in
         (("ttft", "TTFT", 8, "{:.0f}"), ("inter_token", "gap", 7, "{:.1f}")) for p in PERCENTS]
COLUMNS = [("requests_per_s", "req/s", 6, "{:.2f}"), ("tokens_per_s", "tok/s", 7, "{:.1f}")] + TIMES + [
    ("cached_share", "cached", 6, "{:.0%}"), ("failed", "failed", 6, "{:.0f}"),
    ("client_cpu", "client", 6, "{:.1%}"), ("server_cpu", "server", 6, "{:.0%}")]
LEGEND = """Times in ms: until the first token, and between two arrivals of tokens. cached: prompt tokens from the server's cache, where
it says. failed: requests that got no answer (429 and others), which no other column counts. client, server: processor time,
100 % being one processor."""


def percentile(values, p):
    ordered = sorted(values)
    return 1e3 * ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] if ordered else None


def figures(seconds, answers, client_cpu, server_cpu):
    """One round as a line of the results."""
    good = [a for a in answers if not a.failure]
    failures = collections.Counter(a.failure for a in answers if a.failure)
    cached = [a.cached() for a in good]
    prompts = sum(a.usage["prompt_tokens"] for a in good)
    tokens = sum(a.usage["completion_tokens"] for a in good)
    arrivals = sum(len(a.arrivals) for a in good)
    known = bool(good) and None not in cached
    first, gaps = [a.arrivals[0] for a in good], [g for a in good for g in a.gaps()]
    return {"requests": len(good), "failed": len(answers) - len(good), "failures": dict(failures), "seconds": seconds,
            "requests_per_s": len(good) / seconds, "tokens_per_s": tokens / seconds,
            "prompt_tokens": prompts, "output_tokens": tokens, "tokens_per_arrival": tokens / arrivals if arrivals else None,
            **{f"ttft_p{p}_ms": percentile(first, p) for p in PERCENTS},
            **{f"inter_token_p{p}_ms": percentile(gaps, p) for p in PERCENTS},
            "cached_share": sum(cached) / prompts if known else None,
            "client_cpu": client_cpu / seconds, "server_cpu": server_cpu / seconds if server_cpu is not None else None}


def medians(rounds):
    """Over rounds; what a round has none of counts in none, but failures add up."""
    result = {}
    for key in rounds[0]:
        values = [r[key] for r in rounds if isinstance(r[key], (int, float))]
        median = statistics.median(values) if len(values) == len(rounds) else None
        result[key] = sum(values) if key == "failed" else median
    return result


def header(title, width):
    print(f"{'users':>8}  {title:<{width}}" + "".join(f" {name:>{w}}" for _, name, w, _ in COLUMNS), flush=True)


def row(label, name, width, median):
    cells = (f" {'-' if median[k] is None else form.format(median[k]):>{w}}" for k, _, w, form in COLUMNS)
    print(f"{label:>8}  {name:<{width}}" + "".join(cells), flush=True)


def failures(name, rounds):
    """Says of what kind they were."""
    kinds = sum((collections.Counter(r["failures"]) for r in rounds), collections.Counter())
    if kinds:
        print(f"{'':>10}{name}: " + ", ".join(f"{number} failed ({kind})" for kind, number in kinds.items()), flush=True)


class Engine:
    """What `sluice bench --json` found for the weights of a server: its rates, and the limits of the machine."""

    def __init__(self, path):
        with open(path) as file:
            self.results = {r["name"]: r for r in json.load(file)["results"]}
        self.prefill = max(self.results[name]["value"] for name in ("prefill_128", "prefill_512"))

    def remarks(self, median, users):
        """Of a wave: its first tokens beside its prompts at the engine's rate, and all of it beside the limits."""
        prompts = median["prompt_tokens"] / self.prefill
        text = [f"TTFT p95 {median['ttft_p95_ms'] / 1e3 / prompts:.2f} x the wave's prefill"]
        decode = self.results.get(f"decode_{users}")
        if decode and "limit" in decode:
            limit = (median["prompt_tokens"] / self.results["prefill_512"]["limit"]
                     + median["output_tokens"] / decode["limit"])
            text.append(f"{limit / median['seconds']:.0%} of the machine's limit")
        return text


def compare(rows):
    """Ratios of the first server to each other one: (name, median) pairs in `rows`."""
    if not rows:
        return
    first, mine = rows[0]
    for name, other in rows[1:]:
        if mine["requests"] and other["requests"]:
            print(f"{'':>10}{first} beside {name}: {mine['tokens_per_s'] / other['tokens_per_s']:.2f} x tok/s, "
                  f"TTFT p95 {mine['ttft_p95_ms'] / other['ttft_p95_ms']:.2f} x", flush=True)
