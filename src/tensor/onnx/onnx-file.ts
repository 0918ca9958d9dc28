/**
 * What an ONNX file is made of: the messages of onnx.proto, as far as they are written or read here.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import protobuf from "protobufjs/light.js"

const field = (id: number, type: string, rule?: "repeated") => ({ id, type, ...(rule && { rule }) })

const makeSchema = () =>
  protobuf.Root.fromJSON({
    nested: {
      Model: {
        fields: {
          irVersion: field(1, "int64"),
          producerName: field(2, "string"),
          graph: field(7, "Graph"),
          opsetImport: field(8, "Opset", "repeated")
        }
      },
      Opset: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
      Graph: {
        fields: {
          node: field(1, "Node", "repeated"),
          name: field(2, "string"),
          initializer: field(5, "Tensor", "repeated"),
          input: field(11, "ValueInfo", "repeated"),
          output: field(12, "ValueInfo", "repeated")
        }
      },
      Node: {
        fields: {
          input: field(1, "string", "repeated"),
          output: field(2, "string", "repeated"),
          name: field(3, "string"),
          opType: field(4, "string"),
          attribute: field(5, "Attribute", "repeated"),
          domain: field(7, "string")
        }
      },
      Attribute: {
        fields: {
          name: field(1, "string"),
          f: field(2, "float"),
          i: field(3, "int64"),
          s: field(4, "bytes"),
          t: field(5, "Tensor"),
          floats: field(7, "float", "repeated"),
          ints: field(8, "int64", "repeated"),
          type: field(20, "int32")
        }
      },
      Tensor: {
        fields: {
          dims: field(1, "int64", "repeated"),
          dataType: field(2, "int32"),
          floatData: field(4, "float", "repeated"),
          int32Data: field(5, "int32", "repeated"),
          int64Data: field(7, "int64", "repeated"),
          name: field(8, "string"),
          rawData: field(9, "bytes"),
          doubleData: field(10, "double", "repeated"),
          dataLocation: field(14, "int32")
        }
      },
      ValueInfo: { fields: { name: field(1, "string"), type: field(2, "Type") } },
      Type: { fields: { tensorType: field(1, "TensorType") } },
      TensorType: { fields: { elemType: field(1, "int32"), shape: field(2, "TensorShape") } },
      TensorShape: { fields: { dim: field(1, "Dimension", "repeated") } },
      Dimension: { fields: { dimValue: field(1, "int64"), dimParam: field(2, "string") } }
    }
  })

let known: protobuf.Type | undefined

/** The whole file is one such message. Made when it is asked for, or it would be code of every stage that knows networks. */
export const modelMessage = (): protobuf.Type => {
  known ??= makeSchema().lookupType("Model")
  return known
}
