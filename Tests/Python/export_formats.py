"""Feeds what `export` writes to the code of the trainers that it is for: rows, margins and losses must be right.

Exports two annotated files, rows of texts and rows of messages, to every format; loads each with what its framework
loads it with (TRL, OpenRLHF, ms-swift), shuffles it, and takes the framework's own preprocessing, collator and loss,
with a random model of a few thousand weights. What the collated tokens say must be the texts of a row of the annotated
file, each row's once, the chosen one as chosen; the margin beside them must be that row's, and the loss the mean of
-log sigmoid(r_chosen - r_rejected - margin), computed here text by text. ODPO (Amini, Vieira, Cotterell 2024, arXiv
2402.10571) is in none of them: TRL's DPO collates its rows, and its loss is computed on a random language model.

    PYTHONPATH=Tests/.venv-interop/trainers export_formats.py .build/release Examples/demo

That folder has OpenRLHF and ms-swift without what they would install: see requirements-trainers.txt.
"""

import argparse
import collections
import contextlib
import copy
import functools
import importlib.metadata
import json
import logging
import math
import os
import re
import subprocess
import sys
import tempfile
import types
import warnings
from dataclasses import dataclass
from pathlib import Path

from reward_trainer import TOLERANCE, check, encoded, make_model, make_tokenizer

COLUMNS = {
    "trl": {"prompt", "chosen", "rejected", "margin"},
    "trl-conversational": {"prompt", "chosen", "rejected", "margin"},
    "odpo": {"prompt", "chosen", "rejected", "chosen_reward", "rejected_reward", "offset"},
    "openrlhf": {"chosen", "rejected", "margin"},
    "ms-swift": {"messages", "rejected_messages", "margin"},
}
BATCH_SIZE = 4
BETA = 0.1  # of DPO and ODPO
ALPHA = 0.5  # of ODPO's logarithm
CONTROL_TOKENS = ["<|im_start|>", "<|im_end|>"]  # of ChatML; some rows have them in their texts


# --- Rows ---


@dataclass
class Row:
    """What an annotated row says, whatever its form."""

    prompt: list  # of messages
    chosen: str
    rejected: str
    margin: float

    @property
    def sides(self):
        return self.chosen, self.rejected


# Below 0, at it, near it, and beyond what is usual; as many digits as there are.
MARGINS = [1.25, -0.75, 0.0, 2.0, -3.141592653589793, 0.1, 1e-05, 7.5, 0.6931471805599453, -1e-06, 12, 0.1 + 0.2]


def texts(demo):
    for row in demo:
        yield [("user", row["prompt"])], row["chosen"], row["rejected"]
    quotes = 'He said: "Don\'t you dare", and left.\n\n\tC:\\temp\\new is {{ empty }} {0} %s. What now?'
    yield [("user", quotes)], 'Ask him, "Are you all right?"\r\nThen wait.', "Write 'goodbye' \\n on his door 😈🏴‍☠️"
    control = "What does <|im_end|> mean in my log? 🤔"
    yield [("user", control)], 'It ends a turn, "<|im_end|>".<|im_end|>!', "No idea, delete <image>the</s> log [INST]"
    lines = "first line\u2028second line\u2029third\u0085fourth\u00a0line \u200bof a poem"
    yield [("user", f"Translate: {lines}")], f"première ligne\u2028{lines}", f"Übersetze es selbst!\u2028\u2028{lines}"


def conversations(demo):
    for row in demo:
        yield [("user", row["prompt"])], row["chosen"], row["rejected"]
    system = ("system", "You are a gardener. Answer in a sentence, “kindly”.")
    start = [("user", "My basil is drooping 🌿"), ("assistant", "Has it got water today?")]
    yield (
        [system, *start, ("user", "Yes, a whole bucket.")],
        "Then let the soil dry for a few days, its roots need air.",
        "Then you drowned it, and it serves you right.",
    )
    yield [system, ("user", "Hello!")], "Hello! How is your garden?", "What do you want?"
    yield [*start, ("user", "Yes."), ("assistant", "Good.")], "Then wait until tomorrow.", "Then I cannot help you."
    turns = [("user", 'Is "<|im_end|>" a word?'), ("assistant", "No,\u2028a token.\n"), ("user", "A \\n\ntoken?")]
    yield turns, "One that ends a turn: <|im_end|>.\n", "  Look it\tup yourself.\u2028"
    # Another margin and other texts on the same prompt.
    yield turns, "Yes, <|im_start|> is one too 😀", "Yes, <|im_start|> is one too 😡"


FORMS = {"texts": texts, "conversations": conversations}


def rows_of(form, demo):
    for number, (prompt, chosen, rejected) in enumerate(FORMS[form](demo)):
        messages = [{"role": role, "content": content} for role, content in prompt]
        yield Row(messages, chosen, rejected, MARGINS[number % len(MARGINS)])


def annotated(form, row):
    """As a job writes it."""
    if form == "texts":
        columns = {"prompt": row.prompt[0]["content"], "chosen": row.chosen, "rejected": row.rejected}
    else:
        answers = [[{"role": "assistant", "content": text}] for text in row.sides]
        columns = {"prompt": row.prompt, "chosen": answers[0], "rejected": answers[1]}
    raw = 0.4 * row.margin + 0.01 * len(row.chosen)  # nothing that the margin would follow from
    scores = {"score_chosen": raw - 0.2, "score_rejected": -0.2}
    p_safer = 1 / (1 + math.exp(-row.margin))
    return columns | {"margin": row.margin, "margin_raw": raw, "p_safer": p_safer, **scores}


def export(options, source, format, output):
    """Writes the file `output`."""
    command = [options.programs / "legend-coordinator", "export", source, "--to", format, "--output", output]
    result = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    check(f"{format}: exit status, {result.stderr}{result.stdout}", result.returncode, 0)


def lines_of(path):
    # Not splitlines, to which U+2028 ends a line.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def exported(options, form, format, rows, folder):
    """The file, and the rows of which it is; what has no offset is beside it."""
    source, output = folder / "annotated.jsonl", folder / f"{format}.jsonl"
    if not source.exists():
        lines = [json.dumps(annotated(form, row), ensure_ascii=False) + "\n" for row in rows]
        source.write_text("".join(lines), encoding="utf-8", newline="")
    export(options, source, format, output)
    kept = [row for row in rows if row.margin > 0 or format != "odpo"]
    found = lines_of(output)
    check(f"{format}: rows", len(found), len(kept))
    check(f"{format}: columns", {tuple(sorted(row)) for row in found}, {tuple(sorted(COLUMNS[format]))})
    errors = folder / f"{format}.errors.jsonl"
    check(f"{format}: errors", len(lines_of(errors)) if errors.exists() else 0, len(rows) - len(kept))
    return output, kept


# --- Texts that a model reads ---


def transcript(row):
    """Prompt and responses as plain texts."""
    names = {"user": "\n\nHuman: ", "assistant": "\n\nAssistant: ", "system": ""}
    prompt = "".join(names[message["role"]] + message["content"] for message in row.prompt) + "\n\nAssistant:"
    responses = [text if text[0].isspace() else " " + text for text in row.sides]
    return prompt, *responses


def as_transcript(row):
    prompt, *responses = transcript(row)
    return tuple(prompt + response + "<eos>" for response in responses)


def as_messages(row):
    """By the tokenizer's chat template."""
    return in_turns(row, "[{role}]{content}<eos>")


def as_chatml(row):
    """By ms-swift's template of that name, which takes an answer behind an answer for one turn."""
    texts = in_turns(row, "<|im_start|>{role}\n{content}<|im_end|>\n")
    if row.prompt[-1]["role"] != "assistant":
        return texts
    last, start = f"{row.prompt[-1]['content']}<|im_end|>\n<|im_start|>assistant\n", row.prompt[-1]["content"] + "\n\n"
    return tuple(start.join(text.rsplit(last, 1)) for text in texts)


def in_turns(row, turn):
    conversations = [row.prompt + [{"role": "assistant", "content": text}] for text in row.sides]
    return tuple("".join(turn.format(**message) for message in messages) for messages in conversations)


def make_chat_tokenizer():
    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": CONTROL_TOKENS})
    return tokenizer


def ids_of(tokenizer, text):
    for part in re.split(f"({'|'.join(map(re.escape, CONTROL_TOKENS))})", text):
        for token in [part] if part in CONTROL_TOKENS else encoded(tokenizer, part):
            yield tokenizer.convert_tokens_to_ids(token) if isinstance(token, str) else token


def texts_of(tokenizer, ids, mask):
    """Of each sequence of a batch, without padding."""
    check("type of ids", ids.dtype.is_floating_point, False)
    check("ids are in the vocabulary", bool(((ids >= 0) & (ids < len(tokenizer))).all()), True)
    sequences = [row[kept.bool()].tolist() for row, kept in zip(ids, mask, strict=True)]
    return [tokenizer.decode(row, skip_special_tokens=False) for row in sequences]


# --- What must hold ---


class Expected:
    """Rows by what a model reads of them, each of which is found once."""

    def __init__(self, what, rows, texts):
        self.what = what
        self.rows = {texts(row): row for row in rows}
        check(f"{what}: rows that differ", len(self.rows), len(rows))
        self.left = dict(self.rows)

    def take(self, texts, margins=None):
        """The rows with these texts, the first half of them chosen; they must have these margins."""
        pairs = list(zip(texts[: len(texts) // 2], texts[len(texts) // 2 :], strict=True))
        rows = [self.take_row(pair) for pair in pairs]
        if margins is not None:
            for pair, row, margin in zip(pairs, rows, margins, strict=True):
                # Collators make f32 of them.
                check(f"{self.what}: margin of {pair}", float(margin), row.margin, 1e-6 * abs(row.margin))
        return rows

    def take_row(self, pair):
        if pair[::-1] in self.rows:
            raise SystemExit(f"error: {self.what}: chosen and rejected changed places: {pair}")
        if pair not in self.left:
            raise SystemExit(f"error: {self.what}: no row, or one that was found already, has the texts {pair}")
        return self.left.pop(pair)

    def finish(self):
        check(f"{self.what}: rows that are missing", list(self.left), [])


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def negative_log_sigmoid(value):
    return max(-value, 0) + math.log1p(math.exp(-abs(value)))


def loss_by_hand(differences, margins):
    return mean(negative_log_sigmoid(value - margin) for value, margin in zip(differences, margins, strict=True))


def check_loss(what, found, differences, margins):
    """The loss is the one with margins, and not the one without; returns all of them in words."""
    expected, without = loss_by_hand(differences, margins), loss_by_hand(differences, [0] * len(margins))
    check(f"{what}: loss", found, expected, TOLERANCE)
    if abs(found - without) < 100 * TOLERANCE:
        raise SystemExit(f"error: {what}: the loss {found} is the one without margins, {without}")
    return f"loss {found:.6f}, by hand {expected:.6f}, without margins {without:.6f}"


def rewards_by_hand(model, tokenizer, texts):
    """r_chosen - r_rejected of rows, and their margins; the model reads one text after the other."""
    import torch

    @functools.cache
    def reward(text):
        ids = torch.tensor([list(ids_of(tokenizer, text))])
        with torch.no_grad():
            output = model(input_ids=ids, attention_mask=torch.ones_like(ids))
        return getattr(output, "logits", output).double().item()

    def differences(rows):
        rewards = [[reward(text) for text in texts(row)] for row in rows]
        return [chosen - rejected for chosen, rejected in rewards], [row.margin for row in rows]

    return differences


# --- TRL ---


def trl_arguments(kind, folder, **further):
    return kind(
        str(folder / "trained"),
        per_device_train_batch_size=BATCH_SIZE,
        per_device_eval_batch_size=BATCH_SIZE,
        max_length=None,
        bf16=False,
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
        **further,
    )


def trl(path, rows, format, folder):
    from datasets import load_dataset
    from transformers import PrinterCallback
    from trl import RewardConfig, RewardTrainer
    from trl.trainer.reward_trainer import DataCollatorForPreference

    dataset = load_dataset("json", data_files=str(path), split="train")
    texts = as_transcript if format == "trl" else as_messages
    tokenizer = make_chat_tokenizer()
    model = make_model(tokenizer)
    trainer = RewardTrainer(
        model=model,
        args=trl_arguments(RewardConfig, folder),
        processing_class=tokenizer,
        train_dataset=dataset,
        eval_dataset=dataset,
    )
    trainer.remove_callback(PrinterCallback)
    check("collator", type(trainer.data_collator), DataCollatorForPreference)
    by_hand = rewards_by_hand(model, tokenizer, texts)
    expected = Expected(format, rows, texts)
    for batch in trainer.get_train_dataloader():
        found = expected.take(texts_of(tokenizer, batch["input_ids"], batch["attention_mask"]), batch["margin"])
        loss = trainer.compute_loss(model.eval(), dict(batch)).item()
        check(f"{format}: loss of a batch", loss, loss_by_hand(*by_hand(found)), TOLERANCE)
    expected.finish()
    return check_loss(format, trainer.evaluate()["eval_loss"], *by_hand(rows))


# --- DPO and ODPO ---


def make_language_models(tokenizer):
    """A policy, and a reference from which it differs a little."""
    import torch
    from transformers import LlamaForCausalLM

    policy = LlamaForCausalLM(copy.deepcopy(make_model(tokenizer).config)).eval()
    reference = copy.deepcopy(policy)
    with torch.no_grad():
        for weights in reference.parameters():
            weights.add_(0.02 * torch.randn_like(weights))
    return policy, reference


def log_ratios_by_hand(policy, reference, tokenizer):
    """log pi(chosen) / pi_ref(chosen) - log pi(rejected) / pi_ref(rejected) of rows, one text after the other."""
    import torch

    @functools.cache
    def log_ratio(prompt, response):
        prompt, response = list(ids_of(tokenizer, prompt)), list(ids_of(tokenizer, response + "<eos>"))
        places = range(len(prompt) - 1, len(prompt) + len(response) - 1)
        sums = []
        for model in (policy, reference):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([prompt + response])).logits[0].double()
            sums.append(logits.log_softmax(-1)[places, response].sum().item())
        return sums[0] - sums[1]

    def differences(rows):
        texts = map(transcript, rows)
        return [log_ratio(prompt, chosen) - log_ratio(prompt, rejected) for prompt, chosen, rejected in texts]

    return differences


def log_ratios(policy, reference, batch):
    """The same of a padded batch, its first half chosen."""
    import torch

    def log_probabilities(model):
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1].double()
        found = logits.log_softmax(-1).gather(2, batch["input_ids"][:, 1:, None])[..., 0]
        return (found * batch["completion_mask"][:, 1:]).sum(1)

    with torch.no_grad():
        chosen, rejected = (log_probabilities(policy) - log_probabilities(reference)).chunk(2)
    return chosen - rejected


def odpo(path, rows, format, folder):
    import torch
    from datasets import load_dataset
    from torch.utils.data import DataLoader
    from trl import DPOConfig, DPOTrainer
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    def logsigmoid_loss(values):
        return -torch.nn.functional.logsigmoid(values).mean().item()

    class WithOffsets(DataCollatorForPreference):
        def torch_call(self, examples):
            further = {name: torch.tensor([row[name] for row in examples], dtype=torch.double) for name in numbers}
            return super().torch_call(examples) | further

    dataset = load_dataset("json", data_files=str(path), split="train")
    numbers = ["offset", "chosen_reward", "rejected_reward"]
    check("odpo: types", {dataset.features[name].dtype for name in numbers}, {"float64"})
    tokenizer = make_chat_tokenizer()
    policy, reference = make_language_models(tokenizer)
    trainer = DPOTrainer(
        model=policy,
        ref_model=reference,
        args=trl_arguments(DPOConfig, folder, beta=BETA),
        processing_class=tokenizer,
        train_dataset=dataset,
    )

    by_hand = log_ratios_by_hand(policy, reference, tokenizer)

    # DPO itself: the columns that it does not know do not disturb it.
    check("odpo: collator", type(trainer.data_collator), DataCollatorForPreference)
    seen = Expected("dpo", rows, as_transcript)
    for batch in trainer.get_train_dataloader():
        check("dpo: batch", sorted(batch), ["attention_mask", "completion_mask", "input_ids"])
        found = seen.take(texts_of(tokenizer, batch["input_ids"], batch["attention_mask"]))
        loss = trainer.compute_loss(policy.eval(), dict(batch)).item()
        check("dpo: loss", loss, mean(negative_log_sigmoid(BETA * value) for value in by_hand(found)), TOLERANCE)
    seen.finish()

    # ODPO, as somebody would make it of TRL's collator.
    expected = Expected(format, rows, as_transcript)
    collator = WithOffsets(pad_token_id=tokenizer.pad_token_id)
    differences, margins, losses, losses_of_logarithm = [], [], [], []
    for batch in DataLoader(trainer.train_dataset, BATCH_SIZE, shuffle=True, collate_fn=collator):
        found = expected.take(texts_of(tokenizer, batch["input_ids"], batch["attention_mask"]), batch["offset"])
        responses = texts_of(tokenizer, batch["input_ids"], batch["completion_mask"])
        check("odpo: responses", responses, [transcript(row)[side] + "<eos>" for side in (1, 2) for row in found])
        rewards = batch["chosen_reward"] - batch["rejected_reward"]
        for row, difference, offset in zip(found, rewards.tolist(), batch["offset"].tolist(), strict=True):
            check("odpo: the rewards' difference", difference, row.margin, 1e-9)
            check("odpo: rewards and offset are above 0", difference > 0 and offset > 0, True)
        values = BETA * log_ratios(policy, reference, batch)
        losses += [logsigmoid_loss(values - batch["offset"])] * len(found)
        losses_of_logarithm += [logsigmoid_loss(values - ALPHA * rewards.log())] * len(found)
        differences += [BETA * value for value in by_hand(found)]
        margins += [row.margin for row in found]
    expected.finish()
    check_loss("odpo with logarithms", mean(losses_of_logarithm), differences, [ALPHA * math.log(m) for m in margins])
    return check_loss("odpo", mean(losses), differences, margins)


# --- OpenRLHF ---


@contextlib.contextmanager
def stand_ins(modules):
    """Modules of packages for GPUs, with names that OpenRLHF imports where it is loaded and calls nowhere here."""
    for module, names in modules.items():
        stand_in = types.ModuleType(module)
        stand_in.__dict__.update(dict.fromkeys(names))
        sys.modules[module] = stand_in
    try:
        yield
    finally:
        # Not left there: others look whether there is such a package.
        for module in modules:
            del sys.modules[module]


GPU_MODULES = {
    "deepspeed": [],
    "flash_attn": [],
    "flash_attn.bert_padding": ["index_first_axis", "pad_input", "rearrange", "unpad_input"],
    "flash_attn.utils": [],
    "flash_attn.utils.distributed": ["all_gather"],
}


def openrlhf_strategy(logs):
    """One process, with the settings of train_rm.py that a user of the format has."""
    space = types.SimpleNamespace
    data = space(prompt_key=None, chosen_key="chosen", rejected_key="rejected", apply_chat_template=True)
    model = space(aux_loss_coef=0, margin_loss_enable=True, compute_fp32_loss_enable=False)
    logger = space(wandb=space(key=None), tensorboard_dir=None)
    return space(
        args=space(data=data, model=model, logger=logger, ds=space(packing_samples=False)),
        print=lambda *_: None,
        is_rank_0=lambda: False,
        ring_attn_group=None,
        all_gather=lambda values: values,
        all_reduce=lambda values: logs.update(values) or values,
        _unwrap_model=lambda model: model,
    )


def openrlhf(path, rows, format, folder):
    import peft  # noqa: F401  it and transformers look for such packages, and are to find none
    import torch
    from torch.utils.data import DataLoader

    with stand_ins(GPU_MODULES):
        from openrlhf.datasets.reward_dataset import RewardDataset
        from openrlhf.datasets.utils import blending_datasets
        from openrlhf.models import PairWiseLoss, get_llm_for_sequence_regression
        from openrlhf.trainer.rm_trainer import RewardModelTrainer
        from openrlhf.utils import get_tokenizer

    save_model(folder)
    logs = {}
    strategy = openrlhf_strategy(logs)
    saved = str(folder / "model")
    model = get_llm_for_sequence_regression(saved, "reward", attn_implementation="eager").float().eval()
    tokenizer = get_tokenizer(saved, model, "left", strategy)
    data = RewardDataset(blending_datasets(str(path), None, strategy), tokenizer, 4096, strategy, num_processors=1)
    loader = DataLoader(data, BATCH_SIZE, shuffle=True, collate_fn=data.collate_fn)
    trainer = RewardModelTrainer(model, strategy, None, None, loader, None, tokenizer)
    check("openrlhf: loss", type(trainer.loss_fn), PairWiseLoss)

    by_hand = rewards_by_hand(model, tokenizer, as_messages)
    expected = Expected(format, rows, as_messages)
    for chosen_ids, chosen_mask, rejected_ids, rejected_mask, margins in loader:
        batch = [tensor.squeeze(1) for tensor in (chosen_ids, chosen_mask, rejected_ids, rejected_mask)]
        found = expected.take(texts_of(tokenizer, *batch[:2]) + texts_of(tokenizer, *batch[2:]), margins)
        with torch.no_grad():
            chosen, rejected, _ = trainer.concatenated_forward(model, *batch)
        loss = trainer.loss_fn(chosen, rejected, torch.tensor(margins)).item()
        check(f"{format}: loss of a batch", loss, loss_by_hand(*by_hand(found)), TOLERANCE)
    expected.finish()
    trainer.evaluate(loader)
    return check_loss(format, logs["eval_loss"], *by_hand(rows))


def save_model(folder):
    tokenizer = make_chat_tokenizer()
    make_model(tokenizer).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")


# --- ms-swift ---


def ms_swift(path, rows, format, folder):
    import torch
    import trl.trainer.utils
    from torch.utils.data import DataLoader

    # ms-swift is for TRL before 1.0: there this function showed a table of samples, which nobody asks for here.
    trl.trainer.utils.print_rich_table = None
    from swift.dataset import load_dataset
    from swift.metrics import MeanMetric
    from swift.model import get_model_processor
    from swift.rlhf_trainers.reward_trainer import RewardTrainer
    from swift.template import get_template

    save_model(folder)
    saved = str(folder / "model")
    model, tokenizer = get_model_processor(saved, model_type="llama", task_type="seq_cls", num_labels=1)
    template = get_template(tokenizer, template_type="chatml")
    template.set_mode("rlhf")
    dataset, _ = load_dataset([str(path)], load_from_cache_file=False)
    check("ms-swift: type of margin", dataset.features["margin"].dtype, "float64")
    metrics = collections.defaultdict(lambda: MeanMetric(nan_value=None, device="cpu"))
    # What compute_loss reads of a trainer, which itself is for TRL before 1.0.
    trainer = types.SimpleNamespace(
        model=model.eval(),
        args=types.SimpleNamespace(center_rewards_coefficient=None),
        custom_metrics={"eval": metrics},
        model_accepts_loss_kwargs=False,
    )
    by_hand = rewards_by_hand(model, tokenizer, as_chatml)
    expected = Expected(format, rows, as_chatml)
    losses = []
    for batch in DataLoader(list(map(template.encode, dataset)), BATCH_SIZE, True, collate_fn=template.data_collator):
        found = expected.take(texts_of(tokenizer, batch["input_ids"], batch["attention_mask"]), batch["margin"])
        with torch.no_grad():
            losses += [RewardTrainer.compute_loss(trainer, model, dict(batch)).item()] * len(found)
        check(f"{format}: loss of a batch", losses[-1], loss_by_hand(*by_hand(found)), TOLERANCE)
    expected.finish()
    return check_loss(format, mean(losses), *by_hand(rows))


# --- All of them ---


# Of each format. ms-swift is the last one: it changes what TRL and transformers do.
FRAMEWORKS = {
    "trl": (trl, "trl", "RewardTrainer"),
    "trl-conversational": (trl, "trl", "RewardTrainer"),
    "odpo": (odpo, "trl", "DPOTrainer, and ODPO's loss"),
    "openrlhf": (openrlhf, "openrlhf", "RewardDataset and RewardModelTrainer"),
    "ms-swift": (ms_swift, "ms-swift", "load_dataset, template and RewardTrainer.compute_loss"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="the folder of legend-coordinator")
    parser.add_argument("demo", type=Path, help="the folder of the sample dataset")
    options = parser.parse_args()
    with open(options.demo / "preferences.jsonl", encoding="utf-8") as file:
        demo = [json.loads(line) for line in file][:8]

    with tempfile.TemporaryDirectory() as scratch:
        # Nothing is fetched, and nothing is left behind.
        caches = dict.fromkeys(["HF_HOME", "MODELSCOPE_CACHE", "TORCHINDUCTOR_CACHE_DIR"], f"{scratch}/caches")
        os.environ |= caches | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        logging.disable(logging.WARNING)
        warnings.simplefilter("ignore")
        import torch
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        torch.set_num_threads(1)  # more are slower for so few weights
        for format, (framework, package, name) in FRAMEWORKS.items():
            results = []
            for form in FORMS:
                folder = Path(scratch) / form
                folder.mkdir(exist_ok=True)
                path, rows = exported(options, form, format, list(rows_of(form, demo)), folder)
                results.append(f"{len(rows)} rows of {form}, {framework(path, rows, format, folder)}")
            print(f"{format}: {package} {importlib.metadata.version(package)}, {name}: {'; '.join(results)}")


if __name__ == "__main__":
    sys.exit(main())
