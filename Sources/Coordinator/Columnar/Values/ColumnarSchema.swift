internal import Diagnostics

/// The columns of a columnar file, and what it carries along.
package struct ColumnarSchema: Equatable, Sendable {
    package let fields: [ColumnarField]

    /// Keys and values in the file's order, such as `huggingface` and `pandas`. Not among them is Arrow's schema in a
    /// Parquet file, which the fields say themselves.
    package let metadata: [ColumnarMetadata]

    /// - Throws: where two columns, or two fields of a structure, have one name: a row is an object.
    package init(_ fields: [ColumnarField], metadata: [ColumnarMetadata] = []) throws(ColumnarProblem) {
        try Self.checkNames(fields)
        self.fields = fields
        self.metadata = metadata
    }

    /// The same with columns behind those that are there, which loaders that read the metadata find there too.
    ///
    /// - Throws: where a column has the name of another.
    package func appending(_ added: [ColumnarField]) throws(ColumnarProblem) -> ColumnarSchema {
        let metadata = metadata.compactMap { entry -> ColumnarMetadata? in
            guard entry.key == HuggingFaceFeatures.key else { return entry }
            // Loaders do without the key; one that does not list all columns they trip over.
            return HuggingFaceFeatures.appending(added, to: entry.value ?? []).map {
                ColumnarMetadata(key: entry.key, value: $0)
            }
        }
        return try ColumnarSchema(fields + added, metadata: metadata)
    }

    /// The same with other names of columns, or without some, which loaders that read the metadata find so too.
    ///
    /// - Parameter name: what a column is called; nil where it is left out.
    /// - Throws: where two columns get one name.
    package func renaming(_ name: (String) -> String?) throws(ColumnarProblem) -> ColumnarSchema {
        let renamed = fields.compactMap { field in name(field.name).map { field.named($0) } }
        guard renamed != fields else { return self }
        let metadata = metadata.compactMap { entry -> ColumnarMetadata? in
            guard entry.key == HuggingFaceFeatures.key else { return entry }
            return HuggingFaceFeatures.renaming(name, in: entry.value ?? []).map {
                ColumnarMetadata(key: entry.key, value: $0)
            }
        }
        return try ColumnarSchema(renamed, metadata: metadata)
    }

    private static func checkNames(_ fields: [ColumnarField]) throws(ColumnarProblem) {
        var names: Set<[UInt8]> = []
        for field in fields {
            guard names.insert(Array(field.name.utf8)).inserted else {
                throw ColumnarProblem("expected names that differ, found \(field.name.quoted) twice")
            }
            do throws(ColumnarProblem) {
                try checkNames(in: field.type)
            } catch {
                throw error.of(column: field.name)
            }
        }
    }

    private static func checkNames(in type: ColumnarType) throws(ColumnarProblem) {
        switch type {
        case .structure(let fields): try checkNames(fields)
        case .list(let element, _): try checkNames(in: element.type)
        case .map(let key, let value, _):
            try checkNames(in: key.type)
            try checkNames(in: value.type)
        case .dictionary(let values, _, _, _): try checkNames(in: values)
        default: break
        }
    }
}
