#!/usr/bin/env python3
"""Bombs, slow bodies and idle connections against the release build: what they cost, and when they are cut.

    cargo build --release && python3 tests/hostile/floods.py [connections, default 9000]

Needs Linux, Python 3 alone, and a hard limit of open files above the number of connections. It starts the server itself, with
limits off, in a folder that it removes. Prints its figures; ends with 1 if a connection outlived
its deadline, an honest call failed, a bomb was not refused, or bombs took more than 8 MiB.
"""

import base64, gzip, http.client, json, os, resource, selectors, socket, statistics, subprocess, sys, tempfile, threading, time, zlib

CONNECTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
KEY = "the-key-of-this-run-for-everything"
PATH = "/v1/sites/demo/comments/check"
BODY = json.dumps({"post": {"id": "1"}, "author": {"name": "Ana"}, "content": "I read it twice and agree. " * 20})

# 512 MiB of zeros in 405 bytes.
BROTLI = base64.b64decode(
    "z///fwAkAOKxQHLv//n//w+ABEAcFoDu/T////8BkACIwwLQvf/n//8/ABIAcVgAuvf//P//B0ACIA4LQPf+n////wBIAMRhAeje"
    "//P//x8ACYA4LADd+3/+//8DIAEQhwWge//P//9/ACQA4rAAdO//+f//D4AEQBwWgO79P////wGQAIjDAtC9/+f//z8AEgBxWAC6"
    "9//8//8HQAIgDgtA9/6f////AEgAxGEB6N7/8///HwAJgDgsAN37f/7//wMgARCHBaB7/8///38AJADisAB07//5//8PgARAHBaA"
    "7v0/////AZAAiMMC0L3/5///PwASAHFYALr3//z//wdAAiAOC0D3/p////8ASADEYQHo3v/z//8fAAmAOCwA3ft//v//AyABEIcF"
    "oHv/z///fwAkAOKwAHTv//n//w+ABEAcFoDu/T////8BkACIwwLQvf/n//8/ABIAcVgAuvf//P//B0ACIA4LQPf+n////wBIAMRh"
    "Aeje//P//x8ACYA4LADd+3/+//8DIAEQhwWge/8/"
)


def zstd_bomb(mebibytes):
    """A frame of run-length blocks, four bytes for each 128 KiB."""
    blocks = [((128 * 1024) << 3) | (1 << 1)] * (mebibytes * 8)
    blocks[-1] |= 1
    return b"\x28\xb5\x2f\xfd\x00\x88" + b"".join(block.to_bytes(3, "little") + b"\0" for block in blocks)


def bombs():
    zeros = bytes(64 << 20)
    twice = gzip.compress(gzip.compress(zeros))
    return [
        ("brotli, 405 bytes", "br", BROTLI),
        ("zstd, 8 KiB", "zstd", zstd_bomb(256)),
        ("gzip, 64 KiB", "gzip", gzip.compress(zeros)),
        ("deflate, 64 KiB", "deflate", zlib.compress(zeros, 9)),
        ("gzip in gzip", "gzip, gzip", twice),
        ("brotli called gzip", "gzip", BROTLI),
        ("an unknown encoding", "snappy", BROTLI),
    ]


class Server:
    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = {
            "MODERATO__HTTP__LISTEN": f"127.0.0.1:{self.port}",
            "MODERATO__HTTP__MAX_CONNECTIONS": str(CONNECTIONS * 3),
            "MODERATO__AUTH__OPERATOR_KEY": KEY,
            "MODERATO__LIMITS__ENABLED": "false",
            "MODERATO__LOG__LEVEL": "warn",
        }
        program = os.path.join(os.path.dirname(__file__), "../../target/release/moderato")
        self.child = subprocess.Popen([program, "serve", "--data", folder], env=settings, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        sys.exit("the server is not ready after ten seconds")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connect()
        head = {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"}
        connection.request(method, path, body=body, headers={**head, **(headers or {})})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, None

    def resident_kib(self):
        with open(f"/proc/{self.child.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def cpu_seconds(self):
        with open(f"/proc/{self.child.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Honest:
    """One caller who keeps its connection, and asks for /livez and for a check in turn."""

    def __init__(self):
        self.live, self.checks, self.failed = [], [], []

    def call(self, server, done):
        connection = server.connect()
        head = {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"}
        try:
            while not done():
                for times, call in ((self.live, ("GET", "/livez")), (self.checks, ("POST", PATH, BODY, head))):
                    begun = time.monotonic()
                    connection.request(*call)
                    answer = connection.getresponse()
                    answer.read()
                    times.append((time.monotonic() - begun) * 1000)
                    if answer.status != 200:
                        self.failed.append(answer.status)
                time.sleep(0.005)
        except OSError as error:
            self.failed.append(error)
        return self

    def told(self):
        return f"livez {times_told(self.live)}; check {times_told(self.checks)}; {len(self.failed)} failed"


def after(seconds):
    """Whether so many seconds have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def times_told(times):
    if not times:
        return "never answered"
    ordered = sorted(times)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"p50 {statistics.median(ordered):.2f} ms, p99 {p99:.2f} ms, most {ordered[-1]:.2f} ms of {len(ordered)}"


def throw_bombs(server):
    for _ in range(50):
        server.ask("POST", PATH, body=BODY)
    before, worst, wrong = server.resident_kib(), 0, 0
    peak = before
    for name, encoding, bomb in bombs():
        for chunked in (False, True):
            answers = []

            def throw():
                begun = time.monotonic()
                headers = {"Content-Encoding": encoding}
                if chunked:
                    headers["Transfer-Encoding"] = "chunked"
                    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb)
                else:
                    body = bomb
                status, _ = server.ask("POST", PATH, body=body, headers=headers)
                answers.append((status, (time.monotonic() - begun) * 1000))

            threads = [threading.Thread(target=throw) for _ in range(50)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            peak = max(peak, server.resident_kib())
            wrong += 50 - sum(status == 415 for status, _ in answers)
            worst = max(worst, max(took for _, took in answers))
    print(f"bombs: {len(bombs()) * 2} kinds, 50 at once each: {wrong} not 415, {peak - before} KiB more resident, slowest {worst:.0f} ms")
    return wrong == 0 and peak - before <= 8 * 1024


class Crowd:
    """Connections that are watched from the moment they are open: when each was cut, how many there were, what they took."""

    def __init__(self, server):
        self.server, self.before = server, server.resident_kib()
        self.selector, self.opened, self.cut = selectors.DefaultSelector(), {}, []
        self.most, self.peak = 0, self.before

    def add(self, number, head):
        connection = socket.socket()
        # Each source address has some 28,000 ports.
        connection.bind((f"127.0.1.{number % 200 + 1}", 0))
        connection.connect(("127.0.0.1", self.server.port))
        connection.sendall(head)
        connection.setblocking(False)
        self.opened[connection] = time.monotonic()
        self.selector.register(connection, selectors.EVENT_READ)

    def watch(self, done):
        looked = 0
        while not done():
            for key, _ in self.selector.select(timeout=0.1):
                connection = key.fileobj
                try:
                    ended = not connection.recv(4096)
                except OSError:
                    ended = True
                if ended:
                    self.cut.append(time.monotonic() - self.opened.pop(connection))
                    self.selector.unregister(connection)
                    connection.close()
            if time.monotonic() - looked >= 0.05:
                looked = time.monotonic()
                self.most = max(self.most, len(self.opened))
                self.peak = max(self.peak, self.server.resident_kib())

    def drip(self):
        for connection in list(self.opened):
            try:
                connection.send(b" ")
            except OSError:
                pass


def flood(server, name, head, drip, deadline):
    """Opens the connections, sends each its head, drips if asked to, and waits until all are cut."""
    bases = [Honest().call(server, after(5)) for _ in range(2)]
    crowd, cpu, begun = Crowd(server), server.cpu_seconds(), time.monotonic()
    # Not a moment longer than the flood: what comes after it would only hide it.
    during, over = Honest(), threading.Event()
    threads = [threading.Thread(target=run, args=arguments) for run, arguments in
               [(during.call, (server, over.is_set)), (crowd.watch, (over.is_set,))]]
    for thread in threads:
        thread.start()
    last_drip = begun
    for number in range(CONNECTIONS):
        crowd.add(number, head)
        if drip and time.monotonic() - last_drip >= 1:
            last_drip = time.monotonic()
            crowd.drip()
    took, late = time.monotonic() - begun, after(deadline + 30)
    while crowd.opened and not late():
        time.sleep(0.05)
        if drip and time.monotonic() - last_drip >= 1:
            last_drip = time.monotonic()
            crowd.drip()
    over.set()
    for thread in threads:
        thread.join()
    cut, grown = sorted(crowd.cut), crowd.peak - crowd.before
    print(f"{name}: {CONNECTIONS} opened in {took:.1f} s, {crowd.most} at once, {len(crowd.opened)} still open;"
          f" first cut after {cut[0]:.1f} s, median {statistics.median(cut):.1f}, last {cut[-1]:.1f};"
          f" {grown / crowd.most:.1f} KiB each, {grown / 1024:.0f} MiB in all, {server.cpu_seconds() - cpu:.1f} s of processor")
    for when, honest in [("before", bases[0]), ("again", bases[1]), ("meanwhile", during)]:
        print(f"  {when:>9}: {honest.told()}")
    return not crowd.opened and cut[-1] <= deadline and not during.failed


def main():
    wanted = CONNECTIONS * 3 + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    authorization = f"Host: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    slow = f"POST {PATH} HTTP/1.1\r\n{authorization}Content-Length: 4000\r\n\r\n{{".encode()
    kept = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    runs = [
        throw_bombs,
        lambda server: flood(server, "slow bodies, a byte a second", slow, True, 15),
        lambda server: flood(server, "silent connections", b"", False, 15),
        lambda server: flood(server, "kept connections without a second request", kept, False, 25),
    ]
    held = []
    for run in runs:
        # Each its own process: memory that one run left behind would be there for the next, and not be counted.
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder)
            try:
                held.append(run(server))
            finally:
                server.child.terminate()
                server.child.wait()
    sys.exit(0 if all(held) else 1)


main()
