@testable import Reports

extension TrustFigures {
    /// Every figure there is, of a job that went well, as its file has them.
    ///
    /// - Parameters:
    ///   - agreement: of the margins with the labels, ± 2 %.
    ///   - name: what every text of a file is.
    ///   - layers: of the table.
    static func fixture(agreement: Double = 0.65, name: String? = nil, layers: Int = 3) throws -> TrustFigures {
        var figures = try TrustFigures(serialized: Array(json(agreement, layers).utf8), path: "fixture")
        guard let name else { return figures }
        figures.run = Run(
            job: name, input: name, output: name, software: name, source: name, anchorFiles: [name, name], pairs: 354,
            estimator: name, model: name, modelSha256: name, template: name, compatibility: name, precision: name,
            numericBuild: name, layer: 2, layerCount: 30, token: name, placeReason: name)
        (figures.run.rows, figures.run.failedRows) = (60, 0)
        figures.margins?.unit = name
        figures.margins?.unitText = name
        figures.calibration?.method = name
        figures.strength?.source = name
        figures.strength?.columns = [name]
        figures.warnings = [name]
        for index in figures.table.indices {
            figures.table[index].token += name
            figures.table[index].estimator += name
        }
        for index in figures.survey?.sources.indices ?? 0..<0 { figures.survey?.sources[index].name = name }
        return figures
    }

    static func share(_ value: Double, within distance: Double = 0.02) -> Agreement {
        let text = json(share: value, distance)
        guard
            let run = try? TrustFigures(
                serialized: Array(
                    "{\"version\": 3, \"run\": \(runText), \(emptyText), \"label_agreement\": \(text)}".utf8), path: ""),
            let agreement = run.labelAgreement
        else { preconditionFailure("a share that is none: \(text)") }
        return agreement
    }

    private static func json(share value: Double, _ distance: Double = 0.02, groups: String = "prompts") -> String {
        """
        {"value": \(value), "low": \(value - distance), "high": \(value + distance), "rows": 2308, "\(groups)": 2301}
        """
    }

    private static let runText = """
        {"job": "hh-jbb", "input": "hh.jsonl.gz", "output": "hh-jbb.jsonl", "software": "0.9.1", "source": "anchors",
         "anchor_files": ["jbb.jsonl"], "pairs": 354, "estimator": "mean-difference", "model": "SmolLM2.gguf",
         "model_sha256": "abcdef0123456789", "template": "alpaca", "compatibility": "none", "precision": "int8",
         "numeric_build": "onednn", "layer": 2, "layer_count": 30, "token": "mean-response",
         "place_reason": "the default", "rows": 64, "failed_rows": 4, "dropped_rows": 0}
        """

    /// What a file must have, with nothing in it.
    private static let emptyText = """
        "baselines": {"chance": 0.5, "rows": 0}, "selective": [], "confounds": {"refusal_of_harmless_rows": 0},
        "table": [], "warnings": []
        """

    private static func json(_ agreement: Double, _ layers: Int) -> String {
        let cells = ["mean-difference", "ridge"].flatMap { estimator in
            ["last-token", "mean-response"].flatMap { token in
                (0..<layers).map { layer in
                    let isChosen = layer == 2 && token == "mean-response" && estimator == "mean-difference"
                    let value = 0.5 + 0.1 * Double(layer + 1) / Double(layers) + (token == "last-token" ? 0 : 0.0312)
                    let anchors = estimator == "ridge" ? "" : ", \"anchors_agreement\": \(json(share: value - 0.1))"
                    return """
                        {"layer": \(layer), "token": "\(token)", "estimator": "\(estimator)", "is_chosen": \(isChosen),
                         "agreement": \(json(share: value)), "effect_size": 0.2\(anchors)}
                        """
                }
            }
        }
        let selective = [(0.1, 0.879), (0.5, 0.761), (1, agreement)].map {
            "{\"coverage\": \($0.0), \"accuracy\": \(json(share: $0.1, groups: "groups"))}"
        }
        let sources = [("jbb.jsonl", 0.631, true), ("demo.jsonl", 0.487, false)].map {
            """
            {"name": "\($0.0)", "pairs": 72, "agreement": \(json(share: $0.1)), "cosine_with_own": 0.4123,
             "rank_correlation_with_own": -0.0712, "is_used": \($0.2)}
            """
        }
        return """
            {"version": 3, "run": \(runText),
             "margins": {"unit": "log-odds", "unit_text": "log-odds of the label", "mean": 0.95,
               "standard_deviation": 1.746424919657298, "minimum": -2, "maximum": 3.9},
             "label_agreement": \(json(share: agreement)),
             "baselines": {"chance": 0.5, "length": \(json(share: 0.552)), "refusal_wording": \(json(share: 0.571)),
               "bag_of_words": \(json(share: 0.597)), "rows": 2307},
             "agreement_at_equal_length": \(json(share: 0.634)),
             "selective": [\(selective.joined(separator: ","))],
             "calibration": {"method": "platt", "error": 0.0224, "bins": [
               {"rows": 520, "confidence": 0.526, "accuracy": 0.531}, {"rows": 21, "confidence": 0.922, "accuracy": 0.952}]},
             "strength": {"source": "severities", "columns": ["response_0_severity_level", "response_1_severity_level"],
               "rows": 2290, "prompts": 2288, "unusable_rows": 18, "contradicting_rows": 1,
               "rank_correlation": {"value": 0.3123, "low": 0.2712, "high": 0.3521},
               "length": {"value": -0.0412, "low": -0.0811, "high": 0.0001},
               "gain_over_length": {"value": 0.3535, "low": 0.2981, "high": 0.4089},
               "levels": [{"low": 0, "high": 0, "mean_margin": 0.2119, "agreement": \(json(share: 0.561)),
                 "length": \(json(share: 0.512))}, {"low": 1, "high": 3, "mean_margin": 1.4, "agreement": \(json(share: 0.814))}]},
             "effect_size": {"value": 0.4123, "low": 0.3681, "high": 0.4571, "optimism": 0.0213},
             "split_half_cosine": 0.9312,
             "permutation": {"best_agreement": 0.6612, "p_value": 0.0099, "permutations": 101, "cells": 279, "null_agreement": 0.5432, "rows": 999},
             "survey": {"rows": 1001, "prompts": 997, "own_labels": \(json(share: 0.642)),
               "sources": [\(sources.joined(separator: ","))],
               "categories": [{"name": "weapons", "pooled": \(json(share: 0.51)), "own": \(json(share: 0.71)),
                 "is_used": true}, {"name": "rare", "pooled": \(json(share: 0.6)), "is_used": false}], "other_category_rows": 7},
             "confounds": {"length": {"share": 0.0417, "adjusted": 0.0406},
               "final_character": {"share": 0.0311, "adjusted": 0.0252},
               "refusal_wording": {"share": 0.0834, "adjusted": 0.0826},
               "truncation": {"share": 0.002, "adjusted": 0.0018},
               "refusal_of_harmless": {"share": 0.2109, "adjusted": 0.2097}, "refusal_of_harmless_rows": 143},
             "table": [\(cells.joined(separator: ","))], "warnings": ["the anchors do not carry over"]}
            """
    }
}
