import CKernels
import Testing

@testable import Engine

/// What a kernel's wrapper refuses, in a process that may die of it, before C is called.
struct KernelOperandTests {
    @Test func rowsThatExceedTheirBufferAreRefused() async {
        await #expect(processExitsWith: .failure) {
            Kernels().gate(.silu, floatBuffer(7), rows: 2, width: 2, into: floatBuffer(4))
        }
        await #expect(processExitsWith: .failure) { Kernels().add(floatBuffer(3), to: floatBuffer(4)) }
        await #expect(processExitsWith: .failure) { Kernels().roundToBF16(floatBuffer(5), into: floatBuffer(4)) }
        await #expect(processExitsWith: .failure) {
            MatrixRows(FloatBuffer(count: 16), width: 8, first: 1).check(rows: 2, width: 8)
        }
        await #expect(processExitsWith: .failure) {
            GEMMInput(format: .f32, rows: 2, width: 3, isContiguous: true).store(FloatBuffer(count: 9), rows: 0..<3)
        }
    }

    @Test func anInputOfAnotherFormIsRefused() async {
        await #expect(processExitsWith: .failure) {
            let backend = NativeBackend(precision: .f32)
            let weights = try backend.pack(outputs: 4, inputs: 8, role: .linear) { _, values in
                values.update(repeating: 1)
            }
            let lane = backend.makeLane(rowsMax: 1, outputsMax: 4)
            try lane.multiply(
                GEMMInput(format: .bf16, rows: 1, width: 8, isContiguous: false), rows: 1, by: weights,
                into: MatrixRows(FloatBuffer(count: 4), width: 4), adding: false)
        }
    }

    @Test func aQueryThatAttendsToNothingIsRefused() async {
        await #expect(processExitsWith: .failure) {
            let store = KeyValueStore(heads: 1, keyValueHeads: 1, headDimension: 8, format: .f32, rows: 16)
            let scratch = FloatBuffer(count: Kernels.attentionScratch(headDimension: 8))
            Kernels().attend(
                MatrixRows(FloatBuffer(count: 8), width: 8), slotEnds: [4],
                attended: [legend_row_range(first: 4, end: 8)],
                in: store, rules: legend_attention_rules(cap: 0, window: 0), scratch: scratch, into: floatBuffer(8))
        }
    }

    @Test func aStoreOfOtherHeadsIsRefused() async {
        await #expect(processExitsWith: .failure) {
            let one = KeyValueStore(heads: 2, keyValueHeads: 1, headDimension: 8, format: .f32, rows: 16)
            let other = KeyValueStore(heads: 2, keyValueHeads: 2, headDimension: 8, format: .f32, rows: 16)
            one.copy(0..<4, to: other, at: 0)
        }
    }
}

/// Memory that the process which is about to die does not free.
private func floatBuffer(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    floats.initialize(repeating: 0)
    return floats
}
