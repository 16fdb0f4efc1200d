package dev.sluice.cli;

import java.util.List;
import java.util.stream.Stream;

/// The flags of FastDeploy's server as the API contract lists them.
final class FlagTable {
    /// What becomes of a flag.
    enum Kind {
        /// It works, without a word.
        WORKS,
        /// It changes no answer, or asks for what happens anyway, and a line says so.
        ACCEPTED,
        /// It is refused in one sentence.
        REFUSED
    }

    /// One flag with a value.
    ///
    /// @param args as they are typed
    record Row(Kind kind, List<String> args) {

        /// As they are given to a process.
        String[] array() {
            return args.toArray(String[]::new);
        }

        /// The flag's own spelling with dashes.
        String flag() {
            return args.getFirst().replace('_', '-');
        }

        @Override
        public String toString() {
            return kind + " " + String.join(" ", args);
        }
    }

    private static final String ROWS =
            """
            WORKS    --model some/model
            WORKS    --served-model-name m1
            WORKS    --revision v1
            WORKS    --model-config-name config.json
            WORKS    --tokenizer some/where
            ACCEPTED --tokenizer-base-url http://localhost:1
            WORKS    --host 0.0.0.0
            WORKS    --port 8000
            WORKS    --metrics-port 8001
            ACCEPTED --controller-port -1
            ACCEPTED --controller-port -5
            REFUSED  --controller-port 9000
            ACCEPTED --workers 4
            WORKS    --max-waiting-time -1
            WORKS    --max-waiting-time 5
            WORKS    --max-concurrency 512
            WORKS    --timeout-graceful-shutdown 5
            ACCEPTED --timeout 0
            WORKS    --api-key k1 k2
            REFUSED  --enable-mm-output
            WORKS    --max-model-len 2048
            WORKS    --max-num-seqs 8
            WORKS    --max-num-batched-tokens 8192
            WORKS    --block-size 64
            WORKS    --num-gpu-blocks-override 100
            WORKS    --gpu-memory-utilization 0.9
            WORKS    --enforce-eager
            ACCEPTED --kv-cache-ratio 0.75
            ACCEPTED --static-decode-blocks 2
            ACCEPTED --prealloc-dec-block-slot-num-threshold 12
            ACCEPTED --swap-space 4
            WORKS    --enable-prefix-caching
            WORKS    --no-enable-prefix-caching
            ACCEPTED --enable-chunked-prefill
            ACCEPTED --max-num-partial-prefills 1
            ACCEPTED --max-long-partial-prefills 1
            ACCEPTED --long-prefill-token-threshold 100
            ACCEPTED --use-warmup 1
            WORKS    --quantization wint8
            WORKS    --quantization {"quantization":"wint4"}
            ACCEPTED --load-choices default_v1
            WORKS    --lm_head-fp32
            WORKS    --seed 0
            WORKS    --reasoning-parser qwen3
            WORKS    --tool-call-parser hermes
            WORKS    --chat-template {{messages[0]['content']}}
            WORKS    --guided-decoding-backend auto
            WORKS    --guided-decoding-backend xgrammar
            WORKS    --guided-decoding-backend guidance
            WORKS    --guided-decoding-backend off
            WORKS    --guided-whitespace any
            WORKS    --guided-any-key-order
            WORKS    --guided-short-numbers
            WORKS    --no-guided-jump-forward
            WORKS    --guided-decoding-disable-any-whitespace
            WORKS    --enable-logprob
            WORKS    --max-logprobs -1
            WORKS    --logprobs-mode raw_logprobs
            WORKS    --logits-processors LogitBiasLogitsProcessor com.acme.Own
            WORKS    --enable-early-stop
            WORKS    --early-stop-config {"enable_early_stop":true}
            WORKS    --early-stop-config {"enable_early_stop":false}
            WORKS    --speculative-config {"method":"ngram"}
            ACCEPTED --graph-optimization-config {"use_cudagraph":true}
            REFUSED  --dynamic-load-weight
            ACCEPTED --load-strategy normal
            REFUSED  --load-strategy ipc
            ACCEPTED --runner auto
            REFUSED  --runner pooling
            ACCEPTED --convert auto
            ACCEPTED --task generate
            ACCEPTED --override-pooler-config {}
            REFUSED  --enable-mm
            REFUSED  --limit-mm-per-prompt {"image":1}
            REFUSED  --mm-processor-kwargs {}
            ACCEPTED --max-encoder-cache -1
            REFUSED  --max-encoder-cache 100
            ACCEPTED --max-processor-cache -1
            REFUSED  --max-processor-cache 1.5
            REFUSED  --disable-chunked-mm-input
            WORKS    --tensor-parallel-size 8
            WORKS    -tp 1
            ACCEPTED --data-parallel-size 1
            REFUSED  --data-parallel-size 2
            ACCEPTED --local-data-parallel-id 0
            REFUSED  --local-data-parallel-id 1
            ACCEPTED --enable-expert-parallel
            ACCEPTED --enable-eplb
            ACCEPTED --eplb-config {}
            ACCEPTED --disable-custom-all-reduce
            ACCEPTED --use-internode-ll-two-stage
            ACCEPTED --disable-sequence-parallel-moe
            ACCEPTED --ips 10.0.0.1
            REFUSED  --ips 10.0.0.1 10.0.0.2
            REFUSED  --ips 10.0.0.1,10.0.0.2
            ACCEPTED --engine-worker-queue-port 8002
            ACCEPTED --cache-queue-port 8003
            ACCEPTED --splitwise-role mixed
            REFUSED  --splitwise-role prefill
            REFUSED  --innode-prefill-ports 1 2
            ACCEPTED --cache-transfer-protocol ipc
            REFUSED  --cache-transfer-protocol rdma
            REFUSED  --pd-comm-port 1
            REFUSED  --rdma-comm-ports 1 2
            REFUSED  --router localhost:1
            ACCEPTED --scheduler-name local
            REFUSED  --scheduler-name global
            WORKS    --scheduler-max-size -1
            ACCEPTED --scheduler-ttl 900
            REFUSED  --scheduler-host localhost
            REFUSED  --scheduler-port 6379
            REFUSED  --scheduler-db 0
            REFUSED  --scheduler-password x
            REFUSED  --scheduler-topic x
            REFUSED  --scheduler-min-load-score 3
            REFUSED  --scheduler-load-shards-num 1
            REFUSED  --scheduler-sync-period 5
            REFUSED  --scheduler-expire-period 3000
            REFUSED  --scheduler-release-load-expire-period 600
            REFUSED  --scheduler-reader-parallel 4
            REFUSED  --scheduler-writer-parallel 4
            REFUSED  --scheduler-reader-batch-size 200
            REFUSED  --scheduler-writer-batch-size 200
            REFUSED  --plas-attention-config {}
            WORKS    --device cpu
            WORKS    --device cuda
            WORKS    --device cuda-sim
            WORKS    --dtype float32
            WORKS    --threads 1
            WORKS    --ssl-keyfile pom.xml --ssl-certfile pom.xml
            WORKS    --max-request-bytes 1000
            WORKS    --default-chat-template-kwargs {"enable_thinking":false}
            WORKS    --cors-origin https://a.example https://b.example
            """;

    private FlagTable() {}

    /// All flags.
    static Stream<Row> rows() {
        return ROWS.lines()
                .map(line -> List.of(line.split(" +")))
                .map(words ->
                        new Row(Kind.valueOf(words.getFirst()), words.subList(1, words.size())));
    }
}
