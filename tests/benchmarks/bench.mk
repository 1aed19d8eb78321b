# The benchmark: its programs, peers and data are made below build/bench and stay for the next run.
BENCH  := build/bench
C_CODE := tests/benchmarks/c
PEERS  := tests/benchmarks/peers
CFLAGS_BENCH := -O2 -Wall -Wextra
# The limit inflates with the library that ddbbackup uses where its headers are installed (Debian: libisal-dev).
ISAL    = $(shell printf '\043include <isa-l/igzip_lib.h>\nint main(void){return 0;}' | cc -x c - -lisal -o /dev/null 2>/dev/null && echo yes)
INFLATE = $(if $(ISAL),-DWITH_ISAL -lisal,-lz)

.PHONY: bench bench-quick

bench: $(BENCH)/.ready ## measure everything and write docs/benchmarks.md (about 15 minutes; Linux, C compiler, Node)
	@$(BIN)/python -m tests.benchmarks --build $(BENCH) --page docs/benchmarks.md

bench-quick: $(BENCH)/.ready ## measure one round with little data, into build/bench/benchmarks.md (about 3 minutes)
	@$(BIN)/python -m tests.benchmarks --build $(BENCH) --page $(BENCH)/benchmarks.md --quick

$(BENCH)/.ready: $(VENV)/.dev $(TOOLS)/.ready $(BENCH)/sink $(BENCH)/lines $(BENCH)/limit $(BENCH)/cert.pem $(BENCH)/peers/.ready
	@touch $@

$(BENCH)/sink: $(wildcard $(C_CODE)/*.[ch])
	@mkdir -p $(BENCH)
	@cc $(CFLAGS_BENCH) -o $@ $(addprefix $(C_CODE)/,sink.c conn.c dynamo.c memory.c scan.c live.c live_items.c signed.c s3.c store.c sigv4.c) -lssl -lcrypto -lz \
	  || { echo "make: the benchmark needs a C compiler and OpenSSL's headers; on Debian: apt install gcc libssl-dev zlib1g-dev"; exit 1; }

$(BENCH)/lines: $(wildcard $(C_CODE)/*.[ch])
	@mkdir -p $(BENCH)
	@cc $(CFLAGS_BENCH) -o $@ $(addprefix $(C_CODE)/,lines.c live_items.c) -lcrypto -lz

$(BENCH)/limit: $(wildcard $(C_CODE)/*.[ch])
	@mkdir -p $(BENCH)
	@cc $(CFLAGS_BENCH) -o $@ $(addprefix $(C_CODE)/,limit.c source.c peer.c sigv4.c) $(INFLATE) -lssl -lcrypto

$(BENCH)/cert.pem:
	@mkdir -p $(BENCH)
	@openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=127.0.0.1 \
	  -addext subjectAltName=IP:127.0.0.1 -keyout $(BENCH)/key.pem -out $@ 2>/dev/null

# dynamodump holds an older boto3, so it lives apart; so do both of AWS's SDKs for Node.
$(BENCH)/peers/.ready: $(PEERS)/package.json $(PEERS)/requirements.txt
	@rm -rf $(BENCH)/peers && mkdir -p $(BENCH)/peers/node
	@$(PYTHON) -m venv $(BENCH)/peers/dynamodump
	@$(BENCH)/peers/dynamodump/bin/pip install --quiet --disable-pip-version-check -r $(PEERS)/requirements.txt
	@cp $(PEERS)/package.json $(BENCH)/peers/node/ && cd $(BENCH)/peers/node && npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@
