"""Clients that send all the time and remember what they were promised."""

import http.client
import threading

from harness import otlp
from harness.agent import Agent


class Load:
    """Threads that post requests to an agent, one after the other, until stop(); they go on when
    the agent dies and comes back on other ports. `promised` holds the ids that were answered OK."""

    def __init__(self, agent: Agent, threads: int = 4, spans: int = 5, text: str = "x" * 200):
        self._agent = agent
        self._spans = spans
        self._text = text
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.promised: set[str] = set()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def count(self) -> int:
        with self._lock:
            return len(self.promised)

    def stop(self) -> set[str]:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.promised

    def _run(self) -> None:
        connection = None
        while not self._stop.is_set():
            request = otlp.make_request(self._spans, self._text)
            try:
                if connection is None:
                    host, port = self._agent.http_endpoint.split(":")
                    connection = http.client.HTTPConnection(host, int(port), timeout=10)
                headers = {"Content-Type": "application/x-protobuf"}
                connection.request("POST", "/v1/traces", request, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection = None
                self._stop.wait(0.05)  # the agent is away
                continue
            if answer.status == 200:
                ids = otlp.by_id([request])
                with self._lock:
                    self.promised.update(ids)
