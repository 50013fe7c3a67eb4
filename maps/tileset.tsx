<?xml version="1.0" encoding="UTF-8"?>
<tileset version="1.10" tiledversion="1.11.2" name="realm" tilewidth="32" tileheight="32" tilecount="120" columns="8">
 <image source="tileset.png" width="256" height="480"/>
 <tile id="0">
  <properties>
   <property name="creeps" type="int" value="4"/>
   <property name="fringe" type="int" value="40"/>
   <property name="round" type="int" value="88"/>
   <property name="turns" type="bool" value="true"/>
   <property name="variants" value="0,16,17,18"/>
  </properties>
 </tile>
 <tile id="1">
  <properties>
   <property name="creeps" type="int" value="4"/>
   <property name="fringe" type="int" value="40"/>
   <property name="round" type="int" value="88"/>
   <property name="turns" type="bool" value="true"/>
   <property name="variants" value="1,19"/>
  </properties>
 </tile>
 <tile id="2">
  <properties>
   <property name="creeps" type="int" value="2"/>
   <property name="turns" type="bool" value="true"/>
   <property name="variants" value="2,20,21,114"/>
  </properties>
 </tile>
 <tile id="3">
  <properties>
   <property name="creeps" type="int" value="1"/>
   <property name="variants" value="3,22,23"/>
  </properties>
 </tile>
 <tile id="4">
  <properties>
   <property name="variants" value="4,4,24"/>
  </properties>
 </tile>
 <tile id="5">
  <properties>
   <property name="creeps" type="int" value="3"/>
   <property name="fringe" type="int" value="56"/>
   <property name="round" type="int" value="96"/>
   <property name="turns" type="bool" value="true"/>
   <property name="variants" value="5,25,115"/>
  </properties>
 </tile>
 <tile id="6">
  <properties>
   <property name="creeps" type="int" value="5"/>
   <property name="fringe" type="int" value="48"/>
   <property name="round" type="int" value="92"/>
   <property name="turns" type="bool" value="true"/>
   <property name="variants" value="6,6,6,26,26,26,116,116,116,27"/>
  </properties>
 </tile>
 <tile id="7">
  <properties>
   <property name="variants" value="7,7,7,7,7,7,28,28,28,28,28,28,117,117,117,117,117,117,29,118"/>
  </properties>
 </tile>
 <tile id="8">
  <properties>
   <property name="cap" type="int" value="10"/>
   <property name="rim" type="int" value="72"/>
   <property name="shade" type="int" value="80"/>
   <property name="solid" type="bool" value="true"/>
   <property name="top" type="int" value="33"/>
   <property name="variants" value="8,8,8,37"/>
  </properties>
 </tile>
 <tile id="9">
  <properties>
   <property name="cap" type="int" value="10"/>
   <property name="rim" type="int" value="72"/>
   <property name="shade" type="int" value="80"/>
   <property name="solid" type="bool" value="true"/>
   <property name="top" type="int" value="34"/>
   <property name="variants" value="9,9,38"/>
  </properties>
 </tile>
 <tile id="10">
  <properties>
   <property name="foot" type="bool" value="true"/>
   <property name="solid" type="bool" value="true"/>
   <property name="tall" value="oak"/>
  </properties>
 </tile>
 <tile id="11">
  <properties>
   <property name="foot" type="bool" value="true"/>
   <property name="solid" type="bool" value="true"/>
   <property name="tall" value="pine"/>
  </properties>
 </tile>
 <tile id="12">
  <properties>
   <property name="bank" type="int" value="64"/>
   <property name="creeps" type="int" value="0"/>
   <property name="round" type="int" value="100"/>
   <property name="solid" type="bool" value="true"/>
  </properties>
  <animation>
   <frame tileid="12" duration="260"/>
   <frame tileid="30" duration="260"/>
   <frame tileid="31" duration="260"/>
   <frame tileid="32" duration="260"/>
  </animation>
 </tile>
 <tile id="13">
  <properties>
   <property name="foot" type="bool" value="true"/>
   <property name="solid" type="bool" value="true"/>
   <property name="tall" value="boulder"/>
  </properties>
 </tile>
 <tile id="14">
  <properties>
   <property name="cap" type="int" value="10"/>
   <property name="rim" type="int" value="72"/>
   <property name="shade" type="int" value="80"/>
   <property name="solid" type="bool" value="true"/>
   <property name="top" type="int" value="35"/>
   <property name="variants" value="14,14,14,14,14,39"/>
  </properties>
 </tile>
 <tile id="15">
  <properties>
   <property name="variants" value="15,36,119"/>
  </properties>
 </tile>
 <tile id="104">
  <properties>
   <property name="roof" type="bool" value="true"/>
   <property name="tall" value="roof"/>
  </properties>
 </tile>
 <tile id="105">
  <properties>
   <property name="aside" type="int" value="16"/>
   <property name="roof" type="bool" value="true"/>
   <property name="tall" value="thatch"/>
  </properties>
 </tile>
 <tile id="106">
  <properties>
   <property name="aside" type="int" value="16"/>
   <property name="flat" type="bool" value="true"/>
   <property name="tall" value="seal"/>
  </properties>
 </tile>
 <tile id="107">
  <properties>
   <property name="tall" value="barrel"/>
  </properties>
 </tile>
 <tile id="108">
  <properties>
   <property name="tall" value="crates"/>
  </properties>
 </tile>
 <tile id="109">
  <properties>
   <property name="light" type="int" value="44"/>
   <property name="tall" value="lamp"/>
  </properties>
 </tile>
 <tile id="110">
  <properties>
   <property name="tall" value="flowers"/>
  </properties>
 </tile>
 <tile id="111">
  <properties>
   <property name="tall" value="anvil"/>
  </properties>
 </tile>
 <tile id="113">
  <properties>
   <property name="shade" type="int" value="80"/>
   <property name="solid" type="bool" value="true"/>
  </properties>
 </tile>
</tileset>
