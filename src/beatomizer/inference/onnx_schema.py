"""The messages of an ONNX file: field numbers of ``onnx.proto`` (IR version 13), for ``wire.Reader``.

Left out on purpose, so that the walk refuses them: ``TrainingInfoProto`` (20 of ``ModelProto``) and device
configurations (26, and 10 of ``NodeProto``), which no inference model has.
"""

from beatomizer.inference.wire import Schema

_PAIR = "StringStringEntryProto"


def _schema(
    name: str,
    scalars: dict[int, str] | None = None,
    texts: dict[int, str] | None = None,
    messages: dict[int, tuple[str, str]] | None = None,
    repeated: str = "",
) -> tuple[str, Schema]:
    return name, Schema(name, scalars or {}, texts or {}, messages or {}, frozenset(repeated.split()))


SCHEMAS: dict[str, Schema] = dict(
    [
        _schema(
            "ModelProto",
            {1: "ir_version", 5: "model_version"},
            {2: "producer_name", 3: "producer_version", 4: "domain", 6: "doc_string"},
            {
                7: ("graph", "GraphProto"),
                8: ("opset_import", "OperatorSetIdProto"),
                14: ("metadata_props", _PAIR),
                25: ("functions", "FunctionProto"),
            },
            "opset_import metadata_props functions",
        ),
        _schema("OperatorSetIdProto", {2: "version"}, {1: "domain"}),
        _schema(_PAIR, {}, {1: "key", 2: "value"}),
        _schema(
            "GraphProto",
            {},
            {2: "name", 10: "doc_string"},
            {
                1: ("node", "NodeProto"),
                5: ("initializer", "TensorProto"),
                11: ("input", "ValueInfoProto"),
                12: ("output", "ValueInfoProto"),
                13: ("value_info", "ValueInfoProto"),
                14: ("quantization_annotation", "TensorAnnotation"),
                15: ("sparse_initializer", "SparseTensorProto"),
                16: ("metadata_props", _PAIR),
            },
            "node initializer input output value_info quantization_annotation sparse_initializer metadata_props",
        ),
        _schema(
            "NodeProto",
            {},
            {1: "input", 2: "output", 3: "name", 4: "op_type", 6: "doc_string", 7: "domain", 8: "overload"},
            {5: ("attribute", "AttributeProto"), 9: ("metadata_props", _PAIR)},
            "input output attribute metadata_props",
        ),
        _schema(
            "AttributeProto",
            {2: "f", 3: "i", 7: "floats", 8: "ints", 20: "type"},
            {1: "name", 4: "s", 9: "strings", 13: "doc_string", 21: "ref_attr_name"},
            {
                5: ("t", "TensorProto"),
                6: ("g", "GraphProto"),
                10: ("tensors", "TensorProto"),
                11: ("graphs", "GraphProto"),
                14: ("tp", "TypeProto"),
                15: ("type_protos", "TypeProto"),
                22: ("sparse_tensor", "SparseTensorProto"),
                23: ("sparse_tensors", "SparseTensorProto"),
            },
            "floats ints strings tensors graphs type_protos sparse_tensors",
        ),
        _schema(
            "TensorProto",
            {
                1: "dims",
                2: "data_type",
                4: "float_data",
                5: "int32_data",
                7: "int64_data",
                10: "double_data",
                11: "uint64_data",
                14: "data_location",
            },
            {6: "string_data", 8: "name", 9: "raw_data", 12: "doc_string"},
            {3: ("segment", "Segment"), 13: ("external_data", _PAIR), 16: ("metadata_props", _PAIR)},
            "dims float_data int32_data int64_data double_data uint64_data string_data external_data metadata_props",
        ),
        _schema("Segment", {1: "begin", 2: "end"}),
        _schema(
            "SparseTensorProto",
            {3: "dims"},
            {},
            {1: ("values", "TensorProto"), 2: ("indices", "TensorProto")},
            "dims",
        ),
        _schema(
            "TensorAnnotation",
            {},
            {1: "tensor_name"},
            {2: ("quant_parameter_tensor_names", _PAIR)},
            "quant_parameter_tensor_names",
        ),
        _schema(
            "ValueInfoProto",
            {},
            {1: "name", 3: "doc_string"},
            {2: ("type", "TypeProto"), 4: ("metadata_props", _PAIR)},
            "metadata_props",
        ),
        _schema(
            "TypeProto",
            {},
            {6: "denotation"},
            {
                1: ("tensor_type", "TensorType"),
                4: ("sequence_type", "NestedType"),
                9: ("optional_type", "NestedType"),
            },
        ),
        _schema("NestedType", {}, {}, {1: ("elem_type", "TypeProto")}),
        _schema("TensorType", {1: "elem_type"}, {}, {2: ("shape", "TensorShapeProto")}),
        _schema("TensorShapeProto", {}, {}, {1: ("dim", "Dimension")}, "dim"),
        _schema("Dimension", {1: "dim_value"}, {2: "dim_param", 3: "denotation"}),
        _schema(
            "FunctionProto",
            {},
            {
                1: "name",
                4: "input",
                5: "output",
                6: "attribute",
                8: "doc_string",
                10: "domain",
                13: "overload",
            },
            {
                7: ("node", "NodeProto"),
                9: ("opset_import", "OperatorSetIdProto"),
                11: ("attribute_proto", "AttributeProto"),
                12: ("value_info", "ValueInfoProto"),
                14: ("metadata_props", _PAIR),
            },
            "input output attribute node opset_import attribute_proto value_info metadata_props",
        ),
    ]
)
