"""`./dev bench`: what a span costs the agent, with both destinations and durability Disk.

Starts the counting sink and the agent of a release build, drives dualtrace-load against it and prints
one Markdown table. CPU is the agent's user and system time over the spans accepted, the draining
included; RSS is its peak. Compare rows of one run only: these machines are shared.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import urllib.request

SPACE_ID = "U3BhY2U6MTpiZW5j"  # base64 of Space:1:benc

ROWS = [  # title, load options, agent compression
    ("10k/s, plain", ["--rate", "10000"], "None"),
    ("20k/s, plain", ["--rate", "20000"], "None"),
    ("20k/s, gzip in and out", ["--rate", "20000", "--gzip"], "GZIP"),
    ("saturation, plain", [], "None"),
    ("saturation, gzip out", [], "GZIP"),
    ("30 kB spans, 400/s, gzip out", ["--rate", "400", "--spans", "5", "--span-bytes", "30000"], "GZIP"),
]


def config_text(folder, sink_port, compression):
    return json.dumps({  # JSON is YAML
        "receiver": {"listen": ["127.0.0.1:0"]},
        "arize": {
            "endpoint": f"http://127.0.0.1:{sink_port}/v1/traces",
            "protocol": "HTTP",
            "compression": compression,
            "credentials": {"apiKeyFile": "key", "spaceIDFile": "space"},
        },
        "databricks": {
            "workspaceURL": f"http://127.0.0.1:{sink_port}",
            "table": "main.traces.bench_otel_spans",
            "compression": compression,
            "auth": {"tokenFile": "key"},
        },
        "delivery": {"folder": str(folder / "data")},
        "observe": {"listen": "127.0.0.1:0"},
        "drainTimeout": "60s",
    })


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM")


def get_json(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return json.load(answer)


def start_agent(binary, config):
    agent = subprocess.Popen([binary, "--config", config], stderr=subprocess.PIPE, text=True)
    for line in agent.stderr:
        event = json.loads(line)
        if event["message"] == "agent ready":
            return agent, int(event["receiver_ports"]), event["observe_port"]
    raise RuntimeError(f"the agent ended with {agent.wait()}")


def drained(status):
    return all(lane["spans"]["backlog"] == 0 for lane in status["lanes"])


def measure(build, sink_port, load_options, compression, seconds):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "key").write_text("bench")
        (folder / "space").write_text(SPACE_ID)
        (folder / "agent.yaml").write_text(config_text(folder, sink_port, compression))
        agent, port, observe_port = start_agent(build / "agent/dualtrace-agent", folder / "agent.yaml")
        try:
            before = get_json(sink_port, "/")
            load = json.loads(subprocess.check_output(
                [build / "tests/bench/dualtrace-load", "--target", f"127.0.0.1:{port}",
                 "--seconds", str(seconds), *load_options]))
            while not drained(get_json(observe_port, "/status")):
                pass  # each question is a round trip; there is nothing else to do
            after = get_json(sink_port, "/")
            load["cpu_us"] = cpu_seconds(agent.pid) / load["spans_accepted"] * 1e6
            load["rss_mib"] = peak_rss_mib(agent.pid)
            for name in ("arize", "databricks"):
                got = after[name] - before[name]
                if got != load["spans_accepted"]:
                    raise RuntimeError(f"{name} got {got} of {load['spans_accepted']} spans")
            return load
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait()
            agent.stderr.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--seconds", type=int, default=5)
    options = arguments.parse_args()
    sink = subprocess.Popen([options.build / "tests/bench/dualtrace-sink"], stdout=subprocess.PIPE,
                            text=True)
    sink_port = int(sink.stdout.readline())
    try:
        print("| load | spans/s accepted | CPU µs/span | p50 ms | p99 ms | peak RSS MiB | refused |")
        print("|---|---|---|---|---|---|---|")
        for title, load_options, compression in ROWS:
            row = measure(options.build, sink_port, load_options, compression, options.seconds)
            print(f"| {title} | {row['spans_per_second']:,.0f} | {row['cpu_us']:.2f} | {row['p50_ms']:.1f} "
                  f"| {row['p99_ms']:.1f} | {row['rss_mib']:.0f} | {row['requests_refused']} |", flush=True)
    finally:
        sink.terminate()
        sink.wait()
        sink.stdout.close()


if __name__ == "__main__":
    main()
