"""Trains reward models with TRL on what jobs wrote: a step each, on a random model of a few thousand weights.

Annotates a few rows in each of the five forms that people's preference rows have, one bad row among them, with the
built programs and the small model; loads the outputs with datasets.load_dataset("json"), and lets TRL's RewardTrainer
take one step. The loss that it reports must be the mean of -log sigmoid(r_chosen - r_rejected - margin), computed here
row by row from the model as it was before the step, and not the loss without margins. The same of a Dataset that
legend.annotate gave margins, with nothing in between.

    reward_trainer.py .build/release models/SmolLM2-135M-Instruct.Q4_1.gguf Examples/demo
"""

import argparse
import csv
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

TOLERANCE = 1e-4  # of the loss; sums of f32 in another order, and padding


# --- Rows ---


def texts(demo):
    for number, row in enumerate(demo):
        yield {"id": row["id"], "prompt": row["prompt"], "chosen": row["chosen"], "rejected": row["rejected"]}
        if number == 2:
            yield {"id": 7, "prompt": None, "chosen": ["no text"], "rejected": {"no": "text"}}


def conversations(demo):
    yield {"chosen": [], "rejected": None}
    for row in demo:
        start = [{"role": "user", "content": row["prompt"]}]
        answers = [[{"role": "assistant", "content": row[side]}] for side in ("chosen", "rejected")]
        yield {"chosen": start + answers[0], "rejected": start + answers[1]}


def transcripts(demo):
    for row in demo:
        yield {side: f"\n\nHuman: {row['prompt']}\n\nAssistant: {row[side]}" for side in ("chosen", "rejected")}
    yield {"chosen": None, "rejected": []}


def pku(demo):
    for number, row in enumerate(demo):
        safer = number % 2
        responses = {f"response_{safer}": row["chosen"], f"response_{1 - safer}": row["rejected"]}
        yield {"prompt": row["prompt"], **dict(sorted(responses.items())), "safer_response_id": safer}
        if number == 0:
            yield {"prompt": row["prompt"], "response_0": 0, "response_1": None, "safer_response_id": "neither"}


def table(demo):
    yield ["prompt", "chosen", "rejected"]
    for row in demo:
        yield [row["prompt"], row["chosen"], row["rejected"]]
    yield ["a row", "of two fields"]


FORMS = {"texts": texts, "conversations": conversations, "transcripts": transcripts, "pku": pku, "csv": table}


def annotate(form, demo, options, folder):
    """The output of a job on rows of that form, as a dataset."""
    from datasets import load_dataset

    path = folder / ("rows.csv" if form == "csv" else "rows.jsonl")
    with open(path, "w", encoding="utf-8", newline="") as file:
        if form == "csv":
            csv.writer(file).writerows(FORMS[form](demo))
        else:
            file.writelines(json.dumps(row) + "\n" for row in FORMS[form](demo))
    configuration = {
        "job": {"input": str(path), "output": "out.jsonl", "anchors": str(options.demo.absolute() / "anchors.jsonl")},
        "model": {"path": str(options.model.absolute()), "precision": "f32"},
        "embedding": {"layer": 5},
        "cluster": {"listen": "tcp://127.0.0.1:*"},
    }
    (folder / "cluster.yaml").write_text(json.dumps(configuration))
    command = [options.programs / "legend-coordinator", "run", folder / "cluster.yaml", "--local-workers", "1"]
    job = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    if job.returncode != 3:  # finished, and some rows have no margin
        raise SystemExit(f"error: {form}: the job ended with {job.returncode}\n{job.stderr}{job.stdout}")
    rows = load_dataset("json", data_files=str(folder / "out.jsonl"), split="train")
    errors = load_dataset("json", data_files=str(folder / "out.errors.jsonl"), split="train")
    check(f"{form}: rows and errors", (len(rows), len(errors)), (len(demo), 1))
    return rows


def annotate_in_python(demo, options):
    """The same of a Dataset, by the Python package."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
    import legend
    from datasets import Dataset

    texts = [{side: row[side] for side in ("prompt", "chosen", "rejected")} for row in demo]
    rows = Dataset.from_list([texts[0], {"prompt": "no answer", "chosen": None, "rejected": "none"}, *texts[1:]])
    annotated = legend.annotate(
        rows,
        model={"path": options.model, "precision": "f32"},
        options={"job.anchors": options.demo / "anchors.jsonl", "embedding.layer": 5, "cluster.local_workers": 1},
        errors="drop",
        programs=options.programs,
        progress=False,
    )
    check("python: prompts", annotated["prompt"][:], [row["prompt"] for row in demo])
    return annotated


def with_sides(rows):
    """PKU's pairs with the columns that TRL reads, as the README says."""
    if "safer_response_id" not in rows.column_names:
        return rows
    return rows.map(
        lambda row: {
            "chosen": row[f"response_{row['safer_response_id']}"],
            "rejected": row[f"response_{1 - row['safer_response_id']}"],
        }
    )


# --- The model ---


def make_tokenizer():
    """A token for each byte, and two of control."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<eos>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>")
    fast.chat_template = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{{ eos_token }}{% endfor %}"
    return fast


def make_model(tokenizer):
    import torch
    from transformers import LlamaConfig, LlamaForSequenceClassification

    torch.manual_seed(7)
    configuration = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_labels=1,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        initializer_range=0.3,
    )
    return LlamaForSequenceClassification(configuration).eval()


def text_of(row, side):
    """What TRL trains on: the prompt, where there is one, and the response."""
    response = row[side]
    if isinstance(response, list):
        return "".join(f"[{message['role']}]{message['content']}<eos>" for message in response)
    return (row.get("prompt") or "") + response + "<eos>"


def losses_by_hand(model, tokenizer, rows):
    """The loss with margins and without, each the mean over the rows."""
    import torch

    def reward(text):
        ids = [tokenizer.eos_token_id if token == "<eos>" else token for token in encoded(tokenizer, text)]
        with torch.no_grad():
            return model(torch.tensor([ids])).logits.double().item()

    differences = torch.tensor([reward(text_of(row, "chosen")) - reward(text_of(row, "rejected")) for row in rows])
    margins = torch.tensor(rows["margin"])
    logsigmoid = torch.nn.functional.logsigmoid
    return -logsigmoid(differences - margins).mean().item(), -logsigmoid(differences).mean().item()


def encoded(tokenizer, text):
    """Bytes to tokens, without the library that TRL uses for it."""
    from tokenizers import pre_tokenizers

    # The alphabet of byte-level tokenizers: printable bytes stand for themselves, the others for what follows 255.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    assert sorted(letters.values()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = tokenizer.get_vocab()
    for number, part in enumerate(text.split("<eos>")):
        if number > 0:
            yield "<eos>"
        for byte in part.encode():
            yield vocabulary[letters[byte]]


def reported_loss(model, tokenizer, rows, folder):
    from transformers import PrinterCallback
    from trl import RewardConfig, RewardTrainer

    arguments = RewardConfig(
        str(folder / "trained"),
        max_steps=1,
        per_device_train_batch_size=len(rows),
        logging_steps=1,
        max_length=None,
        bf16=False,
        use_cpu=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = RewardTrainer(model=model, args=arguments, processing_class=tokenizer, train_dataset=rows)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return next(entry["loss"] for entry in trainer.state.log_history if "loss" in entry)


# --- What must hold ---


def check(what, found, expected, tolerance=None):
    is_right = found == expected if tolerance is None else abs(found - expected) <= tolerance
    if not is_right:
        raise SystemExit(f"error: {what}: expected {expected}, found {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="the folder of legend-coordinator and legend-worker")
    parser.add_argument("model", type=Path)
    parser.add_argument("demo", type=Path, help="the folder of the sample dataset")
    options = parser.parse_args()
    with open(options.demo / "preferences.jsonl", encoding="utf-8") as file:
        demo = [json.loads(line) for line in file][:8]

    with tempfile.TemporaryDirectory() as scratch:
        # Nothing is fetched, and nothing is left behind.
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{scratch}/caches", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        warnings.simplefilter("ignore", FutureWarning)
        names = ["trl", "transformers", "datasets", "pyarrow", "torch"]
        print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names))
        for form in [*FORMS, "python"]:
            folder = Path(scratch) / form
            folder.mkdir()
            if form == "python":
                rows = annotate_in_python(demo, options)
            else:
                rows = with_sides(annotate(form, demo, options, folder))
            check(f"{form}: type of margin", rows.features["margin"].dtype, "float64")
            tokenizer = make_tokenizer()
            model = make_model(tokenizer)
            expected, without = losses_by_hand(model, tokenizer, rows)
            found = reported_loss(model, tokenizer, rows, folder)
            check(f"{form}: loss", found, expected, TOLERANCE)
            if abs(found - without) < 100 * TOLERANCE:
                raise SystemExit(f"error: {form}: the loss {found} is the one without margins, {without}")
            print(f"{form}: RewardTrainer's loss {found:.6f}, by hand {expected:.6f}, without margins {without:.6f}")


if __name__ == "__main__":
    sys.exit(main())
