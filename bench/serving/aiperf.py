"""NVIDIA's AIPerf as the client, in place of our own: its figures in the same table."""
import json, os, subprocess, sys, tempfile

from serving import figures, mixes


class AiPerf:
    """Asks for fixed prompts and answers; AIPerf makes the prompts, which no two seeds share."""

    def __init__(self, args):
        self.args = args

    def requests(self, users):
        """One for each user: AIPerf's loop takes a processor for itself as long as requests wait for one."""
        return users

    def wave(self, server, number, users, seed):
        """`users` at a time until there are `number` requests."""
        return self.run(server, number, seed, "--concurrency", str(users))

    def poisson(self, server, number, rate, seed):
        return self.run(server, number, seed, "--request-rate", f"{rate:.4f}", "--arrival-pattern", "poisson")

    def run(self, server, number, seed, *load):
        args = self.args
        with tempfile.TemporaryDirectory(prefix="aiperf-") as folder:
            command = [args.aiperf, "profile", "-m", args.model, "-u", server.url, "--endpoint-type", "completions",
                       "--streaming", "--tokenizer", args.tokenizer, "--use-server-token-count",
                       "--isl", str(args.input), "--isl-stddev", "0", "--osl", str(args.output), "--osl-stddev", "0",
                       "--request-count", str(number), "--num-dataset-entries", str(number), *load,
                       "--random-seed", str((mixes.RUN + seed) % 2**31), "--ui", "none", "--no-gpu-telemetry",
                       "--no-server-metrics", "--export-level", "summary", "--output-artifact-dir", folder]
            for name, value in {"ignore_eos": "true", **mixes.sampling(args)}.items():
                command += ["--extra-inputs", f"{name}:{value}"]
            server.go_on()
            ended = subprocess.run(command, capture_output=True, text=True)
            file = os.path.join(folder, "profile_export_aiperf.json")
            if ended.returncode or not os.path.exists(file):
                sys.exit(f"{args.aiperf} ended with {ended.returncode}:\n" + (ended.stdout + ended.stderr)[-4000:])
            with open(file) as results:
                return told(json.load(results), number)


def told(results, number):
    """AIPerf's results as figures.figures names them. Processor times are left out: its start takes most of them."""
    def value(name, key="avg"):
        return results.get(name, {}).get(key)
    good, seconds = int(value("request_count") or 0), value("benchmark_duration") or float("inf")
    failures = {str((e.get("error_details") or {}).get("code") or "error"): e.get("count", 0)
                for e in results.get("error_summary", [])}
    prompts, tokens = value("total_usage_prompt_tokens") or 0, value("total_usage_completion_tokens") or 0
    cached = value("overall_usage_prompt_cache_read_pct")
    return {"requests": good, "failed": number - good, "failures": failures, "seconds": seconds,
            "requests_per_s": good / seconds, "tokens_per_s": tokens / seconds,
            "prompt_tokens": prompts, "output_tokens": tokens, "tokens_per_arrival": None,
            **{f"ttft_p{p}_ms": value("time_to_first_token", f"p{p}") for p in figures.PERCENTS},
            **{f"inter_token_p{p}_ms": value("inter_chunk_latency", f"p{p}") for p in figures.PERCENTS},
            "cached_share": cached / 100 if cached is not None else None,
            "client_cpu": None, "server_cpu": None}
