# What a person would guess: make demo, make test, make bench, make format. `make help` lists all.

SWIFT ?= swift
MODEL := models/SmolLM2-135M-Instruct.Q4_1.gguf
BINARIES := .build/release
LEGEND_BENCH_VENV ?= $(CURDIR)/Benchmarks/.venv
BENCH_PYTHON := $(LEGEND_BENCH_VENV)/bin/python
export LEGEND_BENCH_VENV

.PHONY: help setup model build test test-python test-interop test-steering test-arm64 demo bench dist lint format protocol clean

help:
	@echo "make demo      annotate the sample dataset with a real model, one coordinator and two workers"
	@echo "make test      build everything and run every test (Hugging Face datasets into Tests/.venv on first use, 0.4 GB)"
	@echo "make test-python  test the Python package alone"
	@echo "make test-interop  train with the margins: TRL's RewardTrainer takes a step with the output of a job in each"
	@echo "               form of rows, and with what legend.annotate returns; what export writes goes through TRL's,"
	@echo "               OpenRLHF's and ms-swift's own code; and the reward heads of evaluate are compared with"
	@echo "               scikit-learn's and scipy's (all into Tests/.venv-interop on first use, 1.6 GB; PyPI's torch brings"
	@echo "               CUDA along, some gigabytes more)"
	@echo "make test-steering  steer the small model in llama.cpp with what export writes of the sample dataset's direction"
	@echo "               (in make bench's environment)"
	@echo "make test-arm64  run the portable kernels in an emulator of arm64, and compare them with this machine's (needs clang,"
	@echo "               gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static)"
	@echo "make bench     measure how many tokens this machine computes in a second, and compare with llama.cpp and"
	@echo "               transformers (installed into Benchmarks/.venv on first use, some minutes and gigabytes)"
	@echo "make dist      pack both programs with their libraries into dist/: a tarball, and a wheel for Python"
	@echo "make build     build legend-coordinator and legend-worker (optimised)"
	@echo "make model     fetch the small test model into models/"
	@echo "make setup     install the system packages that are missing (Debian, Ubuntu)"
	@echo "make format    format the Swift sources; make lint checks them"
	@echo "make protocol  regenerate the Swift of Sources/Protocol/legend.proto"

setup:
	@scripts/install-packages.sh

model: $(MODEL)
$(MODEL):
	@scripts/fetch-model.sh $(MODEL)

build: setup
	$(SWIFT) build -c release --product legend-coordinator
	$(SWIFT) build -c release --product legend-worker

# Where a test's process crashes, Swift's own backtrace may hang with it, and the tests would never end.
test: setup model
	@Tests/Python/environment.sh datasets
	@if [ -e Tests/.venv/installed ]; then Tests/.venv/bin/python scripts/make-tiny-model.py --check; fi
	SWIFT_BACKTRACE=enable=no $(SWIFT) test -c release
	@scripts/test-python.sh

test-python:
	@scripts/test-python.sh

test-interop: build model
	@Tests/Python/environment.sh interop
	Tests/.venv-interop/bin/python Tests/Python/reward_trainer.py $(BINARIES) $(MODEL) Examples/demo
	Tests/.venv-interop/bin/python Tests/Python/reward_heads.py --job $(BINARIES) $(MODEL) Examples/demo
	PYTHONPATH=Tests/.venv-interop/trainers PYTHONDONTWRITEBYTECODE=1 \
		Tests/.venv-interop/bin/python Tests/Python/export_formats.py $(BINARIES) Examples/demo

test-steering: build model
	@Benchmarks/setup.sh
	$(BINARIES)/legend-coordinator run cluster.yaml --quiet --restart --set job.output=out/steering/annotated.jsonl \
		--set embedding.layer=21 --set embedding.token=mean-response --set direction.estimator=mean-difference
	$(BINARIES)/legend-coordinator export out/steering/annotated.jsonl --to control-vector --output out/steering/safety.gguf --overwrite
	$(BENCH_PYTHON) Benchmarks/steering.py $(MODEL) out/steering/safety.gguf out/steering/annotated.direction.safetensors \
		Examples/demo/preferences.jsonl

test-arm64:
	@scripts/test-arm64.sh

demo: build model
	@scripts/demo.sh

bench: build model
	$(BINARIES)/legend-worker bench $(MODEL) --precision f32 --precision bf16 --precision int8 --lanes 1 --lanes $$(nproc)
	@Benchmarks/setup.sh
	@mkdir -p Benchmarks/.data
	$(BENCH_PYTHON) Benchmarks/workload.py mixed $(MODEL) Benchmarks/.data/mixed.jsonl --texts 24
	$(BENCH_PYTHON) Benchmarks/compare.py $(MODEL) Benchmarks/.data/mixed.jsonl --output Benchmarks/.data/mixed.json

dist: setup
	@scripts/dist.sh
	@scripts/make-wheel.py

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests
	scripts/check-architecture

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

protocol:
	protoc --swift_out=Sources/Protocol/Generated --swift_opt=Visibility=Package \
		--swift_opt=UseAccessLevelOnImports=true -I Sources/Protocol legend.proto

clean:
	rm -rf .build .build-dist dist out python/build
