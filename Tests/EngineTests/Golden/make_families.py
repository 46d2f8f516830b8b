"""Makes the tiny random models of Golden/families with the hidden states that transformers computes for them.

    python make_families.py FOLDER

They stand for what no model of reference/tiny has: experts, factors, scaled positions, windows in some layers, biases.
Made with torch 2.13.0 and transformers 5.24.0. Weights are stored in half precision, and are those numbers in f32 when the
states are computed. Each folder is as save_pretrained leaves it, with states.safetensors beside it: for each of two texts
its token ids and, `[layers + 1, tokens, hidden]`, the states after each layer, the last of them after the final norm.
"""
import sys

import torch
import transformers as T
from safetensors.torch import save_file

BASE = dict(
    vocab_size=48, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=True)
EXPERTS = dict(num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24)
FAMILIES = {
    "mixtral": T.MixtralConfig(**BASE, num_local_experts=4, num_experts_per_tok=2, rope_theta=10000.0),
    "qwen3_moe": T.Qwen3MoeConfig(**BASE, **EXPERTS, head_dim=16, norm_topk_prob=True),
    "olmoe": T.OlmoeConfig(**BASE, num_experts=6, num_experts_per_tok=3),
    "granite": T.GraniteConfig(
        **BASE, embedding_multiplier=12.0, residual_multiplier=0.22, attention_multiplier=0.2, logits_scaling=8.0),
    "llama-yarn": T.LlamaConfig(
        **BASE, rope_parameters={
            "rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}),
    "llama-linear": T.LlamaConfig(
        **BASE, attention_bias=True, mlp_bias=True,
        rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}),
    "phi3-longrope": T.Phi3Config(
        **(BASE | dict(max_position_embeddings=256)), pad_token_id=0, original_max_position_embeddings=128,
        rope_parameters={
            "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 1.0,
            "short_factor": [1.0, 1.1, 1.3, 1.8], "long_factor": [1.0, 2.0, 3.0, 4.0],
            "original_max_position_embeddings": 128}),
    "gemma3-linear": T.Gemma3TextConfig(
        **(BASE | dict(num_hidden_layers=7)), head_dim=8, sliding_window=8, query_pre_attn_scalar=16,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}),
    "qwen2-window": T.Qwen2Config(**BASE, use_sliding_window=True, sliding_window=8, max_window_layers=1),
    "gpt_neox-sequential": T.GPTNeoXConfig(
        vocab_size=48, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=128, use_parallel_residual=False, attention_bias=False, rotary_pct=0.5),
}


def main(folder):
    torch.set_grad_enabled(False)
    for seed, (name, config) in enumerate(FAMILIES.items()):
        torch.manual_seed(seed)
        model = T.AutoModelForCausalLM.from_config(config).float().eval()
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.mul_(3)
            # Not all of the model: its rotary frequencies are no weights.
            parameter.copy_(parameter.half().float())
        texts = [torch.randint(0, config.vocab_size, (count,)) for count in (3, 29)]
        states = {}
        for index, text in enumerate(texts):
            found = model(input_ids=text[None], output_hidden_states=True).hidden_states
            states[f"{index}.input_ids"] = text
            states[f"{index}.hidden_states"] = torch.stack([state[0] for state in found]).contiguous()
        model.half().save_pretrained(f"{folder}/{name}")
        save_file(states, f"{folder}/{name}/states.safetensors")


main(sys.argv[1])
